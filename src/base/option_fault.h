/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with an option of the command line? getopt_long() would say it with bytes as they came. */
#ifndef JT_BASE_OPTION_FAULT_H
#define JT_BASE_OPTION_FAULT_H

#include <getopt.h>

#include "base/status.h"

/* After getopt_long() found '?' or ':' (opterr is 0 and the letters begin with ':'); `names` is its table, with values
 * that are no letters. */
void jt_option_fault(int found, char *const *arguments, const struct option *names, struct jeton_detail *detail);
#endif
