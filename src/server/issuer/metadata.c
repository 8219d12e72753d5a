/* SPDX-License-Identifier: Apache-2.0 */
/* What do the documents below /.well-known/ have in common? See metadata.h. */
#include "server/issuer/metadata.h"

void jt_metadata_list(struct jt_json_writer *writer, const char *name, const char *const *texts, size_t count)
{
    jt_json_name(writer, name);
    jt_buffer_add_byte(writer->buffer, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            jt_buffer_add_byte(writer->buffer, ',');
        jt_json_write_string(writer->buffer, jeton_text(texts[i]));
    }
    jt_buffer_add_byte(writer->buffer, ']');
}

/* Has a client before number `end` this scope too? */
static bool was_told(const struct jt_server *server, size_t end, struct jeton_bytes scope)
{
    for (size_t i = 0; i < end; i++) {
        if (jt_text_list_has(&jt_clients_at(server->clients, i)->scopes, scope))
            return true;
    }
    return false;
}

static void add_scope(struct jt_json_writer *writer, struct jeton_bytes scope, size_t *count)
{
    if ((*count)++ > 0)
        jt_buffer_add_byte(writer->buffer, ',');
    jt_json_write_string(writer->buffer, scope);
}

void jt_metadata_scopes(struct jt_json_writer *writer, const struct jt_server *server, const char *otherwise)
{
    size_t count = 0;

    jt_json_name(writer, "scopes_supported");
    jt_buffer_add_byte(writer->buffer, '[');
    for (size_t i = 0; i < jt_clients_count(server->clients); i++) {
        const struct jt_text_list *scopes = &jt_clients_at(server->clients, i)->scopes;

        for (size_t j = 0; j < scopes->count; j++) {
            if (!was_told(server, i, scopes->at[j]))
                add_scope(writer, scopes->at[j], &count);
        }
    }
    if (count == 0 && otherwise != NULL)
        add_scope(writer, jeton_text(otherwise), &count);
    jt_buffer_add_byte(writer->buffer, ']');
}

struct jeton_bytes jt_metadata_path_of(struct jeton_bytes address)
{
    size_t colon = jt_bytes_find(address, ':', 0);
    struct jeton_bytes path = jt_bytes_cut(address, jt_bytes_find(address, '/', colon + 3), address.len);

    while (path.len > 0 && ((const char *)path.at)[path.len - 1] == '/')
        path.len--;
    return path;
}

bool jt_metadata_is_at(struct jeton_bytes request, struct jeton_bytes path)
{
    size_t name = strlen("/.well-known/");
    struct jeton_bytes behind = jt_bytes_cut(request, jt_bytes_find(request, '/', name), request.len);

    return behind.len == 0 || jt_bytes_equal(behind, path);
}
