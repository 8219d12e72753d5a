/* SPDX-License-Identifier: Apache-2.0 */
/* Which further parts does the table have? Each prints its lines and gives the exit code. */
#ifndef BENCH_SPEED_H
#define BENCH_SPEED_H

int bench_threads(void);
int bench_scale(void);
#endif
