// `lanes`, which confirms a settlement at once.
#include "lanes.hpp"

namespace sluice::contract {
namespace {

const bool added = add(lanes_engine("lanes", 2, false));

}  // namespace
}  // namespace sluice::contract
