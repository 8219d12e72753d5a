/* SPDX-License-Identifier: Apache-2.0 */
/* What did the client send in its form? A pure reader of the body of POST requests. */
#include "server/http/form.h"

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool jt_form_decode(struct jeton_bytes text, char *out, size_t *len)
{
    const char *at = text.at;
    size_t to = 0;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)at[i];

        if (byte == '+') {
            byte = ' ';
        } else if (byte == '%') {
            int high = i + 2 < text.len ? hex_digit(at[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_digit(at[i + 2]) : -1;

            if (high < 0 || low < 0)
                return false;
            byte = (unsigned char)(high << 4 | low);
            i += 2;
        } else if (byte <= 0x20 || byte >= 0x7f) {
            return false;
        }
        if (byte < 0x20 || byte == 0x7f)
            return false;
        out[to++] = (char)byte;
    }
    *len = to;
    return jt_bytes_utf8(jeton_bytes(out, to));
}

static JT_CHECKED decode(struct jeton_bytes text, struct jt_arena *arena, struct jeton_bytes *out,
                         struct jeton_detail *detail)
{
    char *memory = jt_arena_take(arena, text.len + 1);
    size_t len = 0;

    if (memory == NULL)
        return JETON_OUT_OF_MEMORY;
    if (!jt_form_decode(text, memory, &len))
        return jt_fail(detail, JETON_REQUEST_INVALID, "the form is not well encoded");
    *out = jeton_bytes(memory, len);
    return JETON_OK;
}

JT_CHECKED jt_form_read(struct jeton_bytes body, struct jt_arena *arena, struct jt_form *out,
                        struct jeton_detail *detail)
{
    struct jt_form form = {.count = 0};

    for (size_t from = 0; from < body.len;) {
        size_t end = jt_bytes_find(body, '&', from);
        size_t equals = jt_bytes_find(jt_bytes_cut(body, 0, end), '=', from);

        if (end > from) {
            if (form.count == JT_FORM_FIELDS)
                return jt_fail(detail, JETON_REQUEST_INVALID, "the form has more than %d fields", JT_FORM_FIELDS);
            struct jt_form_field *field = &form.at[form.count++];

            JT_TRY(decode(jt_bytes_cut(body, from, equals), arena, &field->name, detail));
            JT_TRY(decode(jt_bytes_cut(body, equals + 1, end), arena, &field->value, detail));
        }
        from = end + 1;
    }
    *out = form;
    return JETON_OK;
}

struct jeton_bytes jt_form_get(const struct jt_form *form, const char *name, size_t *count)
{
    struct jeton_bytes value = {NULL, 0};
    size_t found = 0;

    for (size_t i = 0; i < form->count; i++) {
        if (form->at[i].value.len == 0 || !jt_bytes_equal(form->at[i].name, jeton_text(name)))
            continue;
        if (found++ == 0)
            value = form->at[i].value;
    }
    if (count != NULL)
        *count = found;
    return value;
}

static bool is_word(struct jeton_bytes words, struct jeton_bytes name)
{
    for (size_t from = 0; from < words.len;) {
        size_t end = jt_bytes_find(words, ' ', from);

        if (jt_bytes_equal(jt_bytes_cut(words, from, end), name))
            return true;
        from = end + 1;
    }
    return false;
}

struct jeton_bytes jt_form_repeated(const struct jt_form *form, const char *may_repeat)
{
    for (size_t i = 0; i < form->count; i++) {
        if (form->at[i].value.len == 0 || is_word(jeton_text(may_repeat), form->at[i].name))
            continue;
        for (size_t j = 0; j < i; j++) {
            if (form->at[j].value.len > 0 && jt_bytes_equal(form->at[i].name, form->at[j].name))
                return form->at[i].name;
        }
    }
    return (struct jeton_bytes){NULL, 0};
}

bool jt_form_is_type(struct jeton_bytes content_type)
{
    struct jeton_bytes type = jt_bytes_cut(content_type, 0, jt_bytes_find(content_type, ';', 0));

    while (type.len > 0 && strchr(" \t", ((const char *)type.at)[type.len - 1]) != NULL)
        type.len--;
    return jt_bytes_equal_nocase(type, JT_TEXT("application/x-www-form-urlencoded"));
}
