/*
 * Functions that this project does not use: they write without a bound, keep hidden state, or hide
 * errors. Force-included into every file by the build, so that a use does not compile.
 */
#ifndef TRAWL_BASE_BANNED_H
#define TRAWL_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#undef alloca /* glibc has it as a macro, too */
#pragma GCC poison strcpy strcat strncpy sprintf vsprintf strtok gmtime localtime atoi atol alloca \
    gets

#endif
