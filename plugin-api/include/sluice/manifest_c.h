/* Writes the manifest of a plugin in C, by putting string literals side by side. (In C++ the SDK does it.)
 *
 *   SLUICE_MANIFEST("com.acme.orders", "1.2.0",
 *                   SLUICE_COMPONENT("handler", "orders", "Writes orders to a table.",
 *                                    SLUICE_OPTION("table", "string", "Table that receives the orders.",
 * SLUICE_DEFAULT("orders")), SLUICE_OPTION("limit", "integer", "Orders a table.", SLUICE_REQUIRED, SLUICE_BETWEEN(1, 9))));
 *
 * Once a plugin, at file scope. Names, types and texts are string literals that stand in JSON as they are: no quotation mark,
 * no backslash and no line end. Limits: 24 components, 23 options a component, 23 choices, 7 SLUICE_ marks an option; C99
 * compilers promise literals of 4095 bytes, gcc and clang take longer ones and say so under -Wpedantic. */
#ifndef SLUICE_MANIFEST_C_H
#define SLUICE_MANIFEST_C_H

#include "sluice/manifest.h"

/* Works with every host of this major version. */
#define SLUICE_MANIFEST(id, version, ...) SLUICE_MANIFEST_NEEDING(0, id, version, __VA_ARGS__)

/* For a plugin that cannot do without something that came with a later minor. */
#define SLUICE_MANIFEST_NEEDING(minor_needed, id, version, ...) \
    SLUICE_MANIFEST_IMAGE(minor_needed,                         \
                          "{\"id\":\"" id "\",\"version\":\"" version "\",\"components\":[" SLUICE_JOINED(__VA_ARGS__) "]}")

/* kind: "handler" or "database". Then name, summary, and any number of SLUICE_OPTION. */
#define SLUICE_COMPONENT(kind, name, ...) \
    "{\"kind\":\"" kind "\",\"name\":\"" name "\",\"summary\":\"" SLUICE_FIRST_AND_REST("\",\"options\":[", __VA_ARGS__) "]}"

/* A queue adapter; roles: SLUICE_SOURCE, SLUICE_TARGET or SLUICE_SOURCE_AND_TARGET. */
#define SLUICE_QUEUE_COMPONENT(roles, name, ...)                  \
    "{\"kind\":\"queue\",\"name\":\"" name "\",\"roles\":[" roles \
    "],\"summary\":\"" SLUICE_FIRST_AND_REST("\",\"options\":[", __VA_ARGS__) "]}"
#define SLUICE_SOURCE "\"source\""
#define SLUICE_TARGET "\"target\""
#define SLUICE_SOURCE_AND_TARGET "\"source\",\"target\""

/* type: as in manifest.h. Then a sentence of help, and the marks below. */
#define SLUICE_OPTION(name, type, ...) \
    "{\"name\":\"" name "\",\"type\":\"" type "\",\"help\":\"" SLUICE_OPTION_REST(__VA_ARGS__) "}"

#define SLUICE_REQUIRED ",\"required\":true"
#define SLUICE_SECRET ",\"secret\":true"
#define SLUICE_DEFAULT(text) ",\"default\":\"" text "\""
#define SLUICE_BETWEEN(least, most) ",\"minimum\":" #least ",\"maximum\":" #most
#define SLUICE_CHOICES(...) ",\"choices\":[" SLUICE_QUOTED(__VA_ARGS__) "]"
#define SLUICE_FOR_SOURCE ",\"role\":\"source\""
#define SLUICE_FOR_TARGET ",\"role\":\"target\""

/* ---- how it works: nothing below is for plugins ------------------------------------------------------------------------- */

#if defined(__has_attribute)
#if __has_attribute(retain)
#define SLUICE_MANIFEST_ATTRIBUTES section(SLUICE_MANIFEST_SECTION), used, retain, aligned(8)
#endif
#endif
#ifndef SLUICE_MANIFEST_ATTRIBUTES
#define SLUICE_MANIFEST_ATTRIBUTES section(SLUICE_MANIFEST_SECTION), used, aligned(8)
#endif

#define SLUICE_MANIFEST_IMAGE(minor_needed, json)                                                                             \
    static const struct {                                                                                                     \
        sluice_manifest_head head;                                                                                            \
        char text[sizeof(json)];                                                                                              \
    } sluice_this_manifest __attribute__((SLUICE_MANIFEST_ATTRIBUTES)) = {                                                    \
        {{'S', 'L', 'U', 'I', 'C', 'E', 'M', '1'}, SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR, minor_needed, 0, sizeof(json) - 1, 0}, \
        json}

#define SLUICE_PASTE_(a, b) a##b
#define SLUICE_PASTE(a, b) SLUICE_PASTE_(a, b)
#define SLUICE_COUNT_(s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15, s16, s17, s18, s19, s20, s21, s22, \
                      s23, s24, n, ...)                                                                                    \
    n
#define SLUICE_COUNT(...) \
    SLUICE_COUNT_(__VA_ARGS__, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)

/* "a" "," "b" "," "c" */
#define SLUICE_JOINED(...) SLUICE_PASTE(SLUICE_JOINED_, SLUICE_COUNT(__VA_ARGS__))(__VA_ARGS__)
#define SLUICE_JOINED_1(s) s
#define SLUICE_JOINED_2(s, ...) s "," SLUICE_JOINED_1(__VA_ARGS__)
#define SLUICE_JOINED_3(s, ...) s "," SLUICE_JOINED_2(__VA_ARGS__)
#define SLUICE_JOINED_4(s, ...) s "," SLUICE_JOINED_3(__VA_ARGS__)
#define SLUICE_JOINED_5(s, ...) s "," SLUICE_JOINED_4(__VA_ARGS__)
#define SLUICE_JOINED_6(s, ...) s "," SLUICE_JOINED_5(__VA_ARGS__)
#define SLUICE_JOINED_7(s, ...) s "," SLUICE_JOINED_6(__VA_ARGS__)
#define SLUICE_JOINED_8(s, ...) s "," SLUICE_JOINED_7(__VA_ARGS__)
#define SLUICE_JOINED_9(s, ...) s "," SLUICE_JOINED_8(__VA_ARGS__)
#define SLUICE_JOINED_10(s, ...) s "," SLUICE_JOINED_9(__VA_ARGS__)
#define SLUICE_JOINED_11(s, ...) s "," SLUICE_JOINED_10(__VA_ARGS__)
#define SLUICE_JOINED_12(s, ...) s "," SLUICE_JOINED_11(__VA_ARGS__)
#define SLUICE_JOINED_13(s, ...) s "," SLUICE_JOINED_12(__VA_ARGS__)
#define SLUICE_JOINED_14(s, ...) s "," SLUICE_JOINED_13(__VA_ARGS__)
#define SLUICE_JOINED_15(s, ...) s "," SLUICE_JOINED_14(__VA_ARGS__)
#define SLUICE_JOINED_16(s, ...) s "," SLUICE_JOINED_15(__VA_ARGS__)
#define SLUICE_JOINED_17(s, ...) s "," SLUICE_JOINED_16(__VA_ARGS__)
#define SLUICE_JOINED_18(s, ...) s "," SLUICE_JOINED_17(__VA_ARGS__)
#define SLUICE_JOINED_19(s, ...) s "," SLUICE_JOINED_18(__VA_ARGS__)
#define SLUICE_JOINED_20(s, ...) s "," SLUICE_JOINED_19(__VA_ARGS__)
#define SLUICE_JOINED_21(s, ...) s "," SLUICE_JOINED_20(__VA_ARGS__)
#define SLUICE_JOINED_22(s, ...) s "," SLUICE_JOINED_21(__VA_ARGS__)
#define SLUICE_JOINED_23(s, ...) s "," SLUICE_JOINED_22(__VA_ARGS__)
#define SLUICE_JOINED_24(s, ...) s "," SLUICE_JOINED_23(__VA_ARGS__)

/* The same, each in quotation marks. */
#define SLUICE_QUOTED(...) SLUICE_PASTE(SLUICE_QUOTED_, SLUICE_COUNT(__VA_ARGS__))(__VA_ARGS__)
#define SLUICE_QUOTED_1(s) "\"" s "\""
#define SLUICE_QUOTED_2(s, ...) "\"" s "\"," SLUICE_QUOTED_1(__VA_ARGS__)
#define SLUICE_QUOTED_3(s, ...) "\"" s "\"," SLUICE_QUOTED_2(__VA_ARGS__)
#define SLUICE_QUOTED_4(s, ...) "\"" s "\"," SLUICE_QUOTED_3(__VA_ARGS__)
#define SLUICE_QUOTED_5(s, ...) "\"" s "\"," SLUICE_QUOTED_4(__VA_ARGS__)
#define SLUICE_QUOTED_6(s, ...) "\"" s "\"," SLUICE_QUOTED_5(__VA_ARGS__)
#define SLUICE_QUOTED_7(s, ...) "\"" s "\"," SLUICE_QUOTED_6(__VA_ARGS__)
#define SLUICE_QUOTED_8(s, ...) "\"" s "\"," SLUICE_QUOTED_7(__VA_ARGS__)
#define SLUICE_QUOTED_9(s, ...) "\"" s "\"," SLUICE_QUOTED_8(__VA_ARGS__)
#define SLUICE_QUOTED_10(s, ...) "\"" s "\"," SLUICE_QUOTED_9(__VA_ARGS__)
#define SLUICE_QUOTED_11(s, ...) "\"" s "\"," SLUICE_QUOTED_10(__VA_ARGS__)
#define SLUICE_QUOTED_12(s, ...) "\"" s "\"," SLUICE_QUOTED_11(__VA_ARGS__)
#define SLUICE_QUOTED_13(s, ...) "\"" s "\"," SLUICE_QUOTED_12(__VA_ARGS__)
#define SLUICE_QUOTED_14(s, ...) "\"" s "\"," SLUICE_QUOTED_13(__VA_ARGS__)
#define SLUICE_QUOTED_15(s, ...) "\"" s "\"," SLUICE_QUOTED_14(__VA_ARGS__)
#define SLUICE_QUOTED_16(s, ...) "\"" s "\"," SLUICE_QUOTED_15(__VA_ARGS__)
#define SLUICE_QUOTED_17(s, ...) "\"" s "\"," SLUICE_QUOTED_16(__VA_ARGS__)
#define SLUICE_QUOTED_18(s, ...) "\"" s "\"," SLUICE_QUOTED_17(__VA_ARGS__)
#define SLUICE_QUOTED_19(s, ...) "\"" s "\"," SLUICE_QUOTED_18(__VA_ARGS__)
#define SLUICE_QUOTED_20(s, ...) "\"" s "\"," SLUICE_QUOTED_19(__VA_ARGS__)
#define SLUICE_QUOTED_21(s, ...) "\"" s "\"," SLUICE_QUOTED_20(__VA_ARGS__)
#define SLUICE_QUOTED_22(s, ...) "\"" s "\"," SLUICE_QUOTED_21(__VA_ARGS__)
#define SLUICE_QUOTED_23(s, ...) "\"" s "\"," SLUICE_QUOTED_22(__VA_ARGS__)

/* The first, then `between`, then the others joined: there may be none. */
#define SLUICE_FIRST_AND_REST(between, ...) SLUICE_PASTE(SLUICE_REST_, SLUICE_COUNT(__VA_ARGS__))(between, __VA_ARGS__)
#define SLUICE_REST_1(between, first) first between
#define SLUICE_REST_2(between, first, ...) first between SLUICE_JOINED_1(__VA_ARGS__)
#define SLUICE_REST_3(between, first, ...) first between SLUICE_JOINED_2(__VA_ARGS__)
#define SLUICE_REST_4(between, first, ...) first between SLUICE_JOINED_3(__VA_ARGS__)
#define SLUICE_REST_5(between, first, ...) first between SLUICE_JOINED_4(__VA_ARGS__)
#define SLUICE_REST_6(between, first, ...) first between SLUICE_JOINED_5(__VA_ARGS__)
#define SLUICE_REST_7(between, first, ...) first between SLUICE_JOINED_6(__VA_ARGS__)
#define SLUICE_REST_8(between, first, ...) first between SLUICE_JOINED_7(__VA_ARGS__)
#define SLUICE_REST_9(between, first, ...) first between SLUICE_JOINED_8(__VA_ARGS__)
#define SLUICE_REST_10(between, first, ...) first between SLUICE_JOINED_9(__VA_ARGS__)
#define SLUICE_REST_11(between, first, ...) first between SLUICE_JOINED_10(__VA_ARGS__)
#define SLUICE_REST_12(between, first, ...) first between SLUICE_JOINED_11(__VA_ARGS__)
#define SLUICE_REST_13(between, first, ...) first between SLUICE_JOINED_12(__VA_ARGS__)
#define SLUICE_REST_14(between, first, ...) first between SLUICE_JOINED_13(__VA_ARGS__)
#define SLUICE_REST_15(between, first, ...) first between SLUICE_JOINED_14(__VA_ARGS__)
#define SLUICE_REST_16(between, first, ...) first between SLUICE_JOINED_15(__VA_ARGS__)
#define SLUICE_REST_17(between, first, ...) first between SLUICE_JOINED_16(__VA_ARGS__)
#define SLUICE_REST_18(between, first, ...) first between SLUICE_JOINED_17(__VA_ARGS__)
#define SLUICE_REST_19(between, first, ...) first between SLUICE_JOINED_18(__VA_ARGS__)
#define SLUICE_REST_20(between, first, ...) first between SLUICE_JOINED_19(__VA_ARGS__)
#define SLUICE_REST_21(between, first, ...) first between SLUICE_JOINED_20(__VA_ARGS__)
#define SLUICE_REST_22(between, first, ...) first between SLUICE_JOINED_21(__VA_ARGS__)
#define SLUICE_REST_23(between, first, ...) first between SLUICE_JOINED_22(__VA_ARGS__)
#define SLUICE_REST_24(between, first, ...) first between SLUICE_JOINED_23(__VA_ARGS__)

/* The help, its closing quotation mark, and the marks, which bring their own commas. */
#define SLUICE_OPTION_REST(...) SLUICE_PASTE(SLUICE_MARKS_, SLUICE_COUNT(__VA_ARGS__))(__VA_ARGS__)
#define SLUICE_MARKS_1(help) help "\""
#define SLUICE_MARKS_2(help, m1) help "\"" m1
#define SLUICE_MARKS_3(help, m1, m2) help "\"" m1 m2
#define SLUICE_MARKS_4(help, m1, m2, m3) help "\"" m1 m2 m3
#define SLUICE_MARKS_5(help, m1, m2, m3, m4) help "\"" m1 m2 m3 m4
#define SLUICE_MARKS_6(help, m1, m2, m3, m4, m5) help "\"" m1 m2 m3 m4 m5
#define SLUICE_MARKS_7(help, m1, m2, m3, m4, m5, m6) help "\"" m1 m2 m3 m4 m5 m6
#define SLUICE_MARKS_8(help, m1, m2, m3, m4, m5, m6, m7) help "\"" m1 m2 m3 m4 m5 m6 m7

#endif
