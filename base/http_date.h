#pragma once
// The time that every answer carries: whoever keeps an answer learns from it how old that is (RFC 9110 section 6.6.1).

#include <ctime>
#include <string>
#include <string_view>

namespace base {

// "Sun, 06 Nov 1994 08:49:37 GMT", whatever the locale.
std::string http_date(std::time_t seconds);

// "Date: …\r\n" of now. Made once a second for each thread; lives until the thread's next call.
std::string_view http_date_line();

}  // namespace base
