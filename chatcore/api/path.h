#pragma once
// Paths of the routes table: "/v1/conversations/{id}/items/{item}" has places that take whatever one segment of the
// path says. A last place written "{+name}" takes all that is left, slashes too, since names of models have them.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatcore::api {

// What the places of a pattern took, by name, in their order. The names live as long as the pattern.
using PathValues = std::vector<std::pair<std::string_view, std::string>>;

// Absent when `path` (percent-decoded) is not of the pattern's form. A place never takes nothing.
std::optional<PathValues> match_path(std::string_view pattern, std::string_view path);

}  // namespace chatcore::api
