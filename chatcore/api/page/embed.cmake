# Turns a file into a C++ string constant: cmake -DINPUT=… -DOUTPUT=… -P embed.cmake
# The delimiter must not occur in the file, which a compile error would show.
file(READ "${INPUT}" text)
file(WRITE "${OUTPUT}" "#pragma once
// Made from chat.html at build time.

#include <string_view>

namespace chatcore::api {

inline constexpr std::string_view kChatPage = R\"chatpage(${text})chatpage\";

}  // namespace chatcore::api
")
