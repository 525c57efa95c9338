/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extended attributes from a shell, in the test guests and on the host:
 *
 *   xattr get FILE NAME         prints the value, in hex
 *   xattr set FILE NAME HEX     an empty HEX sets an empty value
 *   xattr fill FILE NAME BYTES  a value of that many bytes 'x'
 *   xattr remove FILE NAME
 *   xattr list FILE             prints the names, sorted, one on each line
 *
 * Symbolic links are not followed.  After a failure it prints "NAME: error
 * text" and exits with status 1.  Values are in hex so that a shell can
 * compare them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

static char value[1 << 17];

static int fail(const char *what)
{
    perror(what);
    return 1;
}

static int get(const char *file, const char *name)
{
    ssize_t i, n = lgetxattr(file, name, value, sizeof(value));

    if (n < 0) {
        return fail(name);
    }
    for (i = 0; i < n; i++) {
        printf("%02x", (unsigned char)value[i]);
    }
    putchar('\n');
    return 0;
}

static int set_hex(const char *file, const char *name, const char *hex)
{
    size_t n = 0;
    unsigned byte;

    while (n < sizeof(value) && sscanf(hex + 2 * n, "%2x", &byte) == 1) {
        value[n++] = byte;
    }
    return lsetxattr(file, name, value, n, 0) ? fail(name) : 0;
}

static int fill(const char *file, const char *name, const char *bytes)
{
    size_t n = strtoul(bytes, NULL, 10);

    if (n > sizeof(value)) {
        fprintf(stderr, "%s: at most %zu bytes\n", name, sizeof(value));
        return 2;
    }
    memset(value, 'x', n);
    return lsetxattr(file, name, value, n, 0) ? fail(name) : 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list(const char *file)
{
    static char *names[4096];
    size_t i, count = 0;
    ssize_t at, n = llistxattr(file, value, sizeof(value));

    if (n < 0) {
        return fail(file);
    }
    for (at = 0; at < n && count < 4096; at += strlen(value + at) + 1) {
        names[count++] = value + at;
    }
    qsort(names, count, sizeof(names[0]), by_text);
    for (i = 0; i < count; i++) {
        puts(names[i]);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *verb = argc > 2 ? argv[1] : "";

    if (!strcmp(verb, "list") && argc == 3) {
        return list(argv[2]);
    } else if (!strcmp(verb, "get") && argc == 4) {
        return get(argv[2], argv[3]);
    } else if (!strcmp(verb, "remove") && argc == 4) {
        return lremovexattr(argv[2], argv[3]) ? fail(argv[3]) : 0;
    } else if (!strcmp(verb, "set") && argc == 5) {
        return set_hex(argv[2], argv[3], argv[4]);
    } else if (!strcmp(verb, "fill") && argc == 5) {
        return fill(argv[2], argv[3], argv[4]);
    }
    fprintf(stderr, "usage: xattr get|set|fill|remove|list FILE ...\n");
    return 2;
}
