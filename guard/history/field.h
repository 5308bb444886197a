#pragma once
// One value of a plain struct as a number of 64 bits: how it is got and put, and under which number a column keeps it.
// Only for fields.cc.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>

#include "base/clock.h"
#include "base/units.h"
#include "guard/sample/reading.h"

namespace guard::history {

using std::chrono::microseconds;

// How a value becomes a number and back. Absent is none. Durations are counters of CPU time and stalls, which kernels
// tell in microseconds; cores are kept to a millionth.
constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();
constexpr double kMicro = 1e6;

inline std::int64_t number(base::Bytes value) { return value.count; }
inline std::int64_t number(base::Duration value) { return std::chrono::round<microseconds>(value).count(); }
inline std::int64_t number(base::WallTime value) { return value.time_since_epoch().count(); }
inline std::int64_t number(base::SteadyTime value) { return value.time_since_epoch().count(); }
inline std::int64_t number(base::Cores value) {
  return value.is_unlimited() ? kUnlimited : std::llround(std::min(value.count, kMicro) * kMicro);
}
template <class T>
requires std::is_integral_v<T> || std::is_enum_v<T> std::int64_t number(T value) {
  return static_cast<std::int64_t>(value);
}

inline void set(std::int64_t from, base::Bytes& to) { to = {from}; }
inline void set(std::int64_t from, base::Duration& to) { to = microseconds(from); }
inline void set(std::int64_t from, base::WallTime& to) { to = base::WallTime(base::WallTime::duration(from)); }
inline void set(std::int64_t from, base::SteadyTime& to) { to = base::SteadyTime(base::SteadyTime::duration(from)); }
inline void set(std::int64_t from, base::Cores& to) {
  to = from == kUnlimited ? base::Cores::unlimited() : base::Cores{static_cast<double>(from) / kMicro};
}
template <class T>
requires std::is_integral_v<T> || std::is_enum_v<T>
void set(std::int64_t from, T& to) { to = static_cast<T>(from); }

template <class T>
std::optional<std::int64_t> kept(const T& value) {
  return number(value);
}
template <class T>
std::optional<std::int64_t> kept(const sample::Reading<T>& value) {
  return value ? std::optional(number(*value)) : std::nullopt;
}
template <class T>
std::optional<std::int64_t> kept(const std::optional<T>& value) {
  return value ? std::optional(number(*value)) : std::nullopt;
}
template <class T>
void restore(std::int64_t from, T& to) {
  set(from, to);
}
template <class T>
void restore(std::int64_t from, sample::Reading<T>& to) {
  T value{};
  set(from, value);
  to = value;
}
template <class T>
void restore(std::int64_t from, std::optional<T>& to) {
  set(from, to.emplace());
}

// The member at the end of a way of pointers to members.
template <class Object>
auto& member(Object& object) {
  return object;
}
template <class Object, class First, class... Rest>
auto& member(Object& object, First first, Rest... rest) {
  return member(object.*first, rest...);
}

template <class T>
struct Field {
  unsigned id;
  std::optional<std::int64_t> (*get)(const T&);
  void (*put)(std::int64_t, T&);
};
template <class T, auto... way>
constexpr Field<T> field(unsigned id) {
  return {id, [](const T& object) { return kept(member(object, way...)); },
          [](std::int64_t from, T& object) { restore(from, member(object, way...)); }};
}
// A text that is empty is not kept.
template <class T>
struct TextField {
  unsigned id;
  const std::string& (*get)(const T&);
  std::string& (*ref)(T&);
};
template <class T, auto... way>
constexpr TextField<T> text_field(unsigned id) {
  return {id, [](const T& object) -> const std::string& { return member(object, way...); },
          [](T& object) -> std::string& { return member(object, way...); }};
}

}  // namespace guard::history
