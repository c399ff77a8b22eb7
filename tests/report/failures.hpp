// What a call throws, for tests to look at.
#pragma once

#include "vggen/io/error.hpp"

#include <doctest/doctest.h>

#include <string>

/// `call` throws a vggen::error of `code`, whose message holds `part`.
template <class Call> void check_throws(Call call, vggen::error_code code, const std::string &part) {
  INFO(part);
  try {
    call();
    FAIL_CHECK("nothing was thrown");
  } catch (const vggen::error &problem) {
    const std::string message = problem.what();
    INFO(message);
    CHECK(problem.code() == code);
    CHECK(message.find(part) != std::string::npos);
  }
}
