/*
 * A git work tree: which paths are tracked, and the ignore rules that hold in all of it. A
 * stranger's repository is read without running anything of its making, and one that cannot be read
 * yields no work tree, so that the caller scans more rather than less. Not thread-safe: the caller
 * locks.
 *
 * Paths are relative to the work tree's top, in bytes as the system has them; a folder's path ends
 * in '/'.
 */
#ifndef TRAWL_GIT_WORKTREE_H
#define TRAWL_GIT_WORKTREE_H

#include "base/buf.h"
#include "git/ignore.h"

struct worktree;

enum worktree_entry { WORKTREE_UNTRACKED, WORKTREE_TRACKED, WORKTREE_GITLINK };

/*
 * The work tree whose top is this folder, which holds a `.git`; the caller's first reference. NULL
 * when it cannot be read: broken, in a format that libgit2 does not know, or with its work tree
 * elsewhere.
 */
struct worktree *worktree_open(const char *folder);

/*
 * The work tree that this folder lies in, looked for upwards within one file system, and nested in
 * those further up; the caller's first reference. `inside` receives the folder's path in it, "" for
 * the top. NULL when there is none or it cannot be read.
 */
struct worktree *worktree_discover(const char *folder, struct buf *inside);

/*
 * Nests w, whose top is the folder `inside` of the work tree `outer`, of which a reference is taken
 * (NULL is allowed): what `outer` tracks there is tracked in w, too, so that no repository that is
 * put into another one hides the other one's files.
 */
void worktree_nest(struct worktree *w, struct worktree *outer, struct bytes inside);

/* One more reference, and one less: the last one closes the work tree. NULL is allowed. */
struct worktree *worktree_hold(struct worktree *w);
void worktree_drop(struct worktree *w);

/* What the indexes say: a folder is tracked when a tracked file lies below it. */
enum worktree_entry worktree_entry(struct worktree *w, const char *path);

/*
 * The rules that the folder `inside` ("" for the top) stands under: those of the user's and of the
 * repository's exclude files, and of each `.gitignore` in the folders that lead to it; the caller's
 * reference. Returns false, with no rules, when they leave it out.
 */
bool worktree_descend(struct worktree *w, const char *inside, struct ignore **rules);

#endif
