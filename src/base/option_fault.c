/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with an option of the command line? What somebody typed, or a script was given, reaches a terminal
 * escaped. */
#include "base/option_fault.h"

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"

static const char *long_name(const struct option *names)
{
    for (; names->name != NULL; names++)
        if (names->val == optopt)
            return names->name;
    return NULL;
}

static bool begins_one(const struct option *names, const char *word)
{
    size_t len = strcspn(word, "=");
    for (; names->name != NULL; names++)
        if (strncmp(names->name, word, len) == 0)
            return true;
    return false;
}

static void long_fault(const char *word, const struct option *names, struct jeton_detail *detail)
{
    const char *text = begins_one(names, word + 2) ? "ambiguous" : "unrecognized";
    (void)jt_fail(detail, JETON_ARGUMENT_INVALID, "%s option '%s'", text, jt_escape(jeton_text(word)).text);
}

void jt_option_fault(int found, char *const *arguments, const struct option *names, struct jeton_detail *detail)
{
    const char *name = long_name(names);
    char letter = (char)optopt;
    if (optopt == 0)
        long_fault(arguments[optind - 1], names, detail);
    else if (name != NULL)
        (void)jt_fail(detail, JETON_ARGUMENT_INVALID, "option '--%s' %s an argument", name,
                      found == ':' ? "requires" : "doesn't allow");
    else
        (void)jt_fail(detail, JETON_ARGUMENT_INVALID, "%s '-%s'",
                      found == ':' ? "an argument is required by option" : "unrecognized option",
                      jt_escape(jeton_bytes(&letter, 1)).text);
}
