/* SPDX-License-Identifier: Apache-2.0 */
/* How do many requests run in one thread without any of them holding up another? See fetch_url_many.h. */
#include "keys/fetch_url_many.h"

#include <stdlib.h>

#include "keys/fetch_url_transfer.h"

struct many {
    struct jt_transport transport; /* first: its functions cast back */
    CURLM *multi;
    struct jt_request *stillborn; /* could not begin; finished by the next step */
};

static struct many *many_of(struct jt_transport *transport)
{
    return (struct many *)(void *)transport;
}

/* transport_part: the transfer; of a stillborn request the next one, as a list. */
static void finish_later(struct many *many, struct jt_request *request)
{
    request->transport_part = many->stillborn;
    many->stillborn = request;
}

static void begin(struct jt_transport *transport, struct jt_request *request)
{
    struct many *many = many_of(transport);
    struct jt_transfer *transfer = NULL;

    request->status = jt_transfer_begin(request->url, &request->options, &request->result, &transfer, &request->detail);
    if (request->status != JETON_OK) {
        finish_later(many, request);
        return;
    }
    if (curl_easy_setopt(jt_transfer_curl(transfer), CURLOPT_PRIVATE, request) != CURLE_OK ||
        curl_multi_add_handle(many->multi, jt_transfer_curl(transfer)) != CURLM_OK) {
        jt_transfer_cancel(transfer);
        request->status = jt_fail(&request->detail, JETON_OUT_OF_MEMORY, "out of memory");
        finish_later(many, request);
        return;
    }
    request->transport_part = transfer;
}

static bool forget_stillborn(struct many *many, const struct jt_request *request)
{
    struct jt_request *before = NULL;

    for (struct jt_request *at = many->stillborn; at != NULL; before = at, at = at->transport_part) {
        if (at != request)
            continue;
        if (before == NULL)
            many->stillborn = at->transport_part;
        else
            before->transport_part = at->transport_part;
        return true;
    }
    return false;
}

static void cancel(struct jt_transport *transport, struct jt_request *request)
{
    struct many *many = many_of(transport);
    struct jt_transfer *transfer = request->transport_part;

    if (forget_stillborn(many, request) || transfer == NULL)
        return;
    curl_multi_remove_handle(many->multi, jt_transfer_curl(transfer));
    jt_transfer_cancel(transfer);
    request->transport_part = NULL;
}

static struct jt_request *take_finished(struct many *many)
{
    struct jt_request *request = many->stillborn;
    struct jt_transfer *transfer;
    CURLMsg *message;
    CURLcode code;
    int left;

    if (request != NULL) {
        many->stillborn = request->transport_part;
        request->transport_part = NULL;
        return request;
    }
    do
        message = curl_multi_info_read(many->multi, &left);
    while (message != NULL && message->msg != CURLMSG_DONE);
    if (message == NULL)
        return NULL;
    code = message->data.result; /* the message goes with the handle */
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)(void *)&request);
    transfer = request->transport_part;
    curl_multi_remove_handle(many->multi, jt_transfer_curl(transfer));
    request->transport_part = NULL;
    request->status = jt_transfer_end(transfer, code, &request->detail);
    return request;
}

static struct jt_request *step(struct jt_transport *transport, int64_t wait_ms)
{
    struct many *many = many_of(transport);
    struct jt_request *request = take_finished(many);
    int running;

    if (request != NULL)
        return request;
    curl_multi_perform(many->multi, &running);
    request = take_finished(many);
    if (request != NULL || wait_ms <= 0)
        return request;
    curl_multi_poll(many->multi, NULL, 0, wait_ms > 60000 ? 60000 : (int)wait_ms, NULL);
    curl_multi_perform(many->multi, &running);
    return take_finished(many);
}

static void wake(struct jt_transport *transport)
{
    curl_multi_wakeup(many_of(transport)->multi);
}

enum jeton_status jt_transport_open_url(struct jt_transport **out)
{
    struct many *many = calloc(1, sizeof(*many));

    if (many == NULL)
        return JETON_OUT_OF_MEMORY;
    many->transport = (struct jt_transport){begin, cancel, step, wake};
    many->multi = curl_multi_init();
    if (many->multi == NULL) {
        free(many);
        return JETON_OUT_OF_MEMORY;
    }
    *out = &many->transport;
    return JETON_OK;
}

void jt_transport_close_url(struct jt_transport *transport)
{
    if (transport == NULL)
        return;
    curl_multi_cleanup(many_of(transport)->multi);
    free(transport);
}
