// What a call says when it fails.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "failure.hpp"

namespace sluice::file {

inline std::string failure_of(const auto& call, sluice_status expected) {
    try {
        call();
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), expected);
        return failure.what();
    }
    return "no failure";
}

}  // namespace sluice::file
