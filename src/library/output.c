/* SPDX-License-Identifier: Apache-2.0 */
/* The border of <jeton/output.h>: memory that leaves the library. */
#include "library/border.h"

#include <stdlib.h>

#include "base/secret.h"

JT_HOT enum jeton_status jt_border_give(struct jt_buffer *buffer, struct jeton_output *output)
{
    jt_buffer_add_byte(buffer, '\0');
    enum jeton_status status = buffer->status;
    if (status != JETON_OK) {
        jt_buffer_done(buffer);
        return status == JETON_ARGUMENT_INVALID ? JETON_OUT_OF_MEMORY : status; /* over the maximum */
    }
    output->at = (char *)buffer->at;
    output->len = buffer->len - 1;
    jt_buffer_init(buffer, buffer->max);
    return JETON_OK;
}

JT_HOT void jeton_output_done(struct jeton_output *output)
{
    if (output == NULL || output->at == NULL)
        return;
    jt_wipe(output->at, output->len);
    free(output->at);
    output->at = NULL;
    output->len = 0;
}
