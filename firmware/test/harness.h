/* One behaviour per test function. CHECK ends the program at the first failure, with its place. */
#ifndef TAUTLINE_TEST_HARNESS_H
#define TAUTLINE_TEST_HARNESS_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                                              \
    do {                                                                                                              \
        if (!(condition)) {                                                                                           \
            fprintf(stderr, "FAIL %s:%d: %s\n", __FILE__, __LINE__, #condition);                                      \
            exit(1);                                                                                                  \
        }                                                                                                             \
    } while (0)

#define CHECK_EQUAL(actual, expected)                                                                                 \
    do {                                                                                                              \
        long long actual_ = (long long)(actual), expected_ = (long long)(expected);                                   \
        if (actual_ != expected_) {                                                                                   \
            fprintf(stderr, "FAIL %s:%d: %s is %lld, expected %lld\n", __FILE__, __LINE__, #actual, actual_,          \
                    expected_);                                                                                       \
            exit(1);                                                                                                  \
        }                                                                                                             \
    } while (0)

struct test {
    const char *name;
    void (*run)(void);
};
#define TEST(name) {#name, name}

extern const struct test encoding_tests[], line_tests[], release_tests[], safety_tests[], session_tests[], motor_tests[];

#endif
