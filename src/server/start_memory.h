/* SPDX-License-Identifier: Apache-2.0 */
/* What of the start is not needed any more? Code and constants that ran once, and freed heap. */
#ifndef JT_SERVER_START_MEMORY_H
#define JT_SERVER_START_MEMORY_H

/* Gives resident pages of programs and libraries back to the page cache, from where they return when used again. */
void jt_start_memory_give_back(void);
#endif
