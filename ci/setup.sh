# Sourced by the scripts beside it, with $ci set to their folder: packages and builds.
# shellcheck shell=sh

root=$(CDPATH='' cd -P -- "$ci/.." && pwd) || exit 2

# die MESSAGE: ends the script with the status for "could not even start".
die() {
	printf 'trawl: %s\n' "$1" >&2
	exit 2
}

# present PROBE: whether the command is found, or a file matches.
present() {
	case $1 in
	/*)
		set -- $1 # the probe's * is to match
		[ -e "$1" ]
		;;
	*) command -v "$1" >/dev/null 2>&1 ;;
	esac
}

# missing_packages PURPOSES: prints the packages whose probes find nothing. Starts no program
# unless something is missing: every run of ci/trawl comes through here.
missing_packages() {
	while read -r purpose package probe; do
		case " $1 " in *" $purpose "*) ;; *) continue ;; esac
		present "$probe" && continue
		case $package in
		*'[!amd64]') [ "$(dpkg --print-architecture)" != amd64 ] || continue ;;
		*'[amd64]') [ "$(dpkg --print-architecture)" = amd64 ] || continue ;;
		esac
		printf ' %s' "${package%%\[*}"
	done <"$ci/packages.txt"
}

# same_version PROGRAM: whether it is a Trawl of this tree's version.
same_version() {
	version=$(sed -n 's/^project(trawl VERSION \([^ ]*\).*/\1/p' "$root/CMakeLists.txt")
	[ "$("$1" --version 2>/dev/null)" = "trawl $version" ]
}

# need PURPOSES: installs the packages that are missing, or says how to and ends the script; with
# TRAWL_INSTALL=never always the latter.
need() {
	missing=$(missing_packages "$1")
	[ -n "$missing" ] || return 0

	line="apt-get install -y --no-install-recommends$missing"
	if [ "${TRAWL_INSTALL-}" = never ] || [ "$(id -u)" -ne 0 ] ||
		! command -v apt-get >/dev/null; then
		printf 'trawl: packages are missing; as root run:\n%s\n' "$line" >&2
		exit 2
	fi
	printf 'trawl: installing%s\n' "$missing" >&2
	log=$(mktemp) || exit 2
	if ! { apt-get update && DEBIAN_FRONTEND=noninteractive $line; } >"$log" 2>&1 </dev/null; then
		cat "$log" >&2
		rm -f "$log"
		die "could not install$missing"
	fi
	rm -f "$log"
	missing=$(missing_packages "$1")
	[ -z "$missing" ] || die "installed, but still not found:$missing"
}

# What the build that is tested and debugged is made with.
TEST_BUILD='-DCMAKE_BUILD_TYPE=RelWithDebInfo -DTRAWL_TESTS=ON -DTRAWL_WERROR=ON'

# configured FOLDER OPTIONS...: the build folder below build/, made with CMake for this place.
configured() {
	folder=$root/build/$1
	shift
	mkdir -p "$folder" || return
	# A tree that was copied together with its build folder would go on building the original; one
	# generator refuses the folder of another; and Hyperscan's databases are not Vectorscan's.
	place="$root, libhs $(pkg-config --modversion libhs)"
	if [ "$(cat "$folder/.place" 2>/dev/null)" != "$place" ] ||
		! grep -qx 'CMAKE_GENERATOR:INTERNAL=Ninja' "$folder/CMakeCache.txt"; then
		rm -rf "$folder/CMakeCache.txt" "$folder/CMakeFiles"
		printf '%s\n' "$place" >"$folder/.place" || return
	fi
	cmake -S "$root" -B "$folder" -G Ninja "$@"
}

# built FOLDER OPTIONS...: configures and builds $targets (all, if that is not set); the output is
# shown only when that fails.
built() {
	log=$(mktemp) || return
	if { configured "$@" && cmake --build "$folder" --target ${targets:-all}; } \
		>"$log" 2>&1 </dev/null; then
		rm -f "$log"
		return 0
	fi
	cat "$log" >&2
	rm -f "$log"
	return 1
}

# sanitizer_options SCRIPT ARGUMENTS...: makes the sanitizers' findings end a program. Where the
# system can switch off random addresses it starts the script again without them: they take more
# room on newer kernels than these sanitizers know. And it does without the search for leaks where
# that is forbidden (it needs ptrace, which some containers refuse). strstr() is left alone: under
# watch each call reads its text to the end, and a loop over a large one would last for minutes.
sanitizer_options() {
	if [ -z "${TRAWL_ADDRESSES-}" ] && setarch -R true 2>/dev/null; then
		TRAWL_ADDRESSES=fixed exec setarch -R "$@"
	fi
	export UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1
	export ASAN_OPTIONS=intercept_strstr=0
	try=$(mktemp -d) || return
	echo 'int main(void) { return 0; }' >"$try/leaks.c"
	if cc -fsanitize=address "$try/leaks.c" -o "$try/leaks" && ! "$try/leaks" 2>/dev/null; then
		echo "no search for leaks: it does not work on this machine"
		export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
	fi
	rm -rf "$try"
}
