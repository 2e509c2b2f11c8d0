// A number of JSON as a value to bind.
//
// Numbers without fraction and exponent are integers, others reals, correctly rounded: as close as 64 bits come to the decimal
// digits, ties to even, however many digits there are. What is too small for a real is zero.
//
// simdjson up to 3.0.1 reads some numbers of 20 digits and more wrongly (simdjson#2099, #2093), so its numbers are not used.
#pragma once

#include <string_view>

#include "sluice/abi.h"

namespace sluice::sql {

struct Number {
    sluice_value value{};
    const char* wrong = nullptr;  // behind "the field cannot be bound: it"; NULL if the value is right
};

// `token`: all that stands between two separators, without blanks.
Number read_number(std::string_view token);

}  // namespace sluice::sql
