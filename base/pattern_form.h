#pragma once
// Regular expressions as other languages write them, in the form that RE2 takes.

#include <string>
#include <string_view>

namespace base {

// `pattern` in RE2's form: (?<n>…) and (?'n'…) become (?P<n>…), and /x/i becomes (?i)x. Slashes without flags are taken
// for delimiters only when what stands between them cannot be a path: /health/ is one. The same text when nothing in it
// is of another form.
std::string re2_form_of(std::string_view pattern);

}  // namespace base
