#pragma once
// Which of a ring's floors are judged together: those within its length, from where their growth began. Pure.

#include <cstddef>
#include <vector>

#include "guard/signal/floors.h"
#include "guard/signal/trend.h"

namespace guard::signal {

inline constexpr std::size_t kLeastFloors = 8;  // fewer points say nothing about noise

// The ring's floors that lie within its length; none when too little of that was watched: a narrower ring knows better.
std::vector<TrendPoint> points_of(const FloorRings::Ring& ring);

// In bytes; `points` must not be empty.
double lowest_of(const std::vector<TrendPoint>& points);

// A first look that costs next to nothing and spares the fit where memory is flat: the lowest floor of the last third
// must lie above that of the first third by `least_rise` (bytes) and by more than neighbours differ. Sets a slope and a
// span in `trend`, for want of better ones. Needs kLeastFloors points.
bool may_grow(const std::vector<TrendPoint>& points, double least_rise, Trend& trend);

// Growth that began within the points is judged from its beginning on. `lowest` is lowest_of(points).
void cut_before_onset(std::vector<TrendPoint>& points, double lowest);

}  // namespace guard::signal
