// driver_fixture: each test of the file begins with a driver whose heap is new.
#ifndef TESTS_ORACLE_DRIVER_FIXTURE_H
#define TESTS_ORACLE_DRIVER_FIXTURE_H

#include "tests/oracle/driver_program.h"
#include "tests/test.h"

static struct driver driver;

static int set_up(void **unused) {
    (void)unused;
    driver_create(&driver);
    return 0;
}

static int tear_down(void **unused) {
    (void)unused;
    driver_destroy(&driver);
    return 0;
}

TEST_FIXTURE(set_up, tear_down)

#endif
