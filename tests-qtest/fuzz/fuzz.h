/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a fuzz program is: one function, called with one input after another.
 *
 * libFuzzer's name and meaning; where it is missing, fuzz-main.c calls it.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/** LLVMFuzzerTestOneInput: always 0; a finding ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
