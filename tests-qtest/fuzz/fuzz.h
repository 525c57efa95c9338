/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The function that makes a fuzz program: it is called with one input after
 * another, by libFuzzer or, where that is missing, by fuzz-main.c.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/** LLVMFuzzerTestOneInput: always 0; a finding ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
