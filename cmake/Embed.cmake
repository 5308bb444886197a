# leakguard_embed(TARGET FILE): the text of FILE travels inside the program, as `kStatusPageHtml` of
# "FOLDER/status_page_html.h" for FOLDER/status_page.html.
function(leakguard_embed target file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
  file(RELATIVE_PATH folder "${CMAKE_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}")
  string(MAKE_C_IDENTIFIER "${file}" base)
  set(constant "k")
  string(REPLACE "_" ";" words "${base}")
  foreach(word IN LISTS words)
    string(SUBSTRING "${word}" 0 1 first)
    string(SUBSTRING "${word}" 1 -1 rest)
    string(TOUPPER "${first}" first)
    string(APPEND constant "${first}${rest}")
  endforeach()
  file(READ "${CMAKE_CURRENT_SOURCE_DIR}/${file}" content)
  string(REPLACE "/" "::" scope "${folder}")
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/generated/${folder}/${base}.h" CONTENT [[
#pragma once
// Made from @file@ by cmake/Embed.cmake.
#include <string_view>
namespace @scope@ {
inline constexpr std::string_view @constant@ = R"embedded(@content@)embedded";
}  // namespace @scope@
]] @ONLY)
endfunction()
