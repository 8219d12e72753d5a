/* SPDX-License-Identifier: Apache-2.0 */
/* What may a session do? Its scopes were decided when it was made; here a bucket and a key are held against them. */
#include "auth/session.h"

static bool has_dot_segment(struct jeton_bytes key)
{
    for (size_t from = 0, end = 0; from <= key.len; from = end + 1) {
        end = jt_bytes_find(key, '/', from);
        struct jeton_bytes segment = jt_bytes_cut(key, from, end);
        if (jt_bytes_equal(segment, JT_TEXT(".")) || jt_bytes_equal(segment, JT_TEXT("..")))
            return true;
    }
    return false;
}

static bool ends_in_slash(struct jeton_bytes text)
{
    return text.len > 0 && ((const char *)text.at)[text.len - 1] == '/';
}

/* Does every key that starts with `text` lie below the prefix? */
static bool lies_below(struct jeton_bytes text, struct jeton_bytes prefix)
{
    if (prefix.len == 0)
        return true;
    return jt_bytes_start(text, prefix) &&
           (ends_in_slash(prefix) || (text.len > prefix.len && ((const char *)text.at)[prefix.len] == '/'));
}

/* A role may name every bucket; a claim never does (sts_assume.c). */
static bool holds_bucket(const struct jt_session_scope *scope, struct jeton_bytes bucket)
{
    return jt_bytes_equal(scope->bucket, bucket) || jt_bytes_equal(scope->bucket, JT_TEXT(JT_SESSION_ANY_BUCKET));
}

bool jt_session_allows(const struct jt_session *session, struct jeton_bytes bucket, struct jeton_bytes key,
                       enum jt_action action)
{
    if (has_dot_segment(key))
        return false;
    for (size_t i = 0; i < session->scope_count; i++) {
        const struct jt_session_scope *scope = &session->scopes[i];
        if ((scope->actions & (unsigned)action) != 0 && holds_bucket(scope, bucket) &&
            (lies_below(key, scope->prefix) || jt_bytes_equal(key, scope->prefix)))
            return true;
    }
    return false;
}

bool jt_session_sees(const struct jt_session *session, struct jeton_bytes bucket)
{
    for (size_t i = 0; i < session->scope_count; i++) {
        if ((session->scopes[i].actions & JT_ACTION_READ) != 0 && holds_bucket(&session->scopes[i], bucket))
            return true;
    }
    return false;
}

bool jt_session_lists(const struct jt_session *session, struct jeton_bytes bucket, struct jeton_bytes prefix)
{
    if (has_dot_segment(prefix))
        return false;
    for (size_t i = 0; i < session->scope_count; i++) {
        const struct jt_session_scope *scope = &session->scopes[i];
        if ((scope->actions & JT_ACTION_READ) != 0 && holds_bucket(scope, bucket) && lies_below(prefix, scope->prefix))
            return true;
    }
    return false;
}
