#include "chatcore/storage/database_url.h"

#include <gtest/gtest.h>

namespace chatcore::storage {
namespace {

TEST(DatabaseUrl, ShowsNoPassword) {
  EXPECT_EQ(redacted_url("postgresql://u:secret@h:5432/d?sslmode=require"),
            "postgresql://u:***@h:5432/d?sslmode=require");
  EXPECT_EQ(redacted_url("postgres://u:sec:ret@h/d"), "postgres://u:***@h/d");
  EXPECT_EQ(redacted_url("postgresql://u:se@cret@h/d"), "postgresql://u:***@h/d");
  EXPECT_EQ(redacted_url("postgresql://u:se/cr?et@h/d"), "postgresql://u:***@h/d");
  EXPECT_EQ(redacted_url("postgresql://h/d?user=u&password=secret&sslpassword=s"),
            "postgresql://h/d?user=u&password=***&sslpassword=***");
  EXPECT_EQ(redacted_url("postgresql://h/d?secret"), "postgresql://h/d?***");
  EXPECT_EQ(redacted_url("mysql://u:secret@h/d"), "mysql://…");
  EXPECT_EQ(redacted_url("u:secret@h"), "…");
}

TEST(DatabaseUrl, ShowsWhatHoldsNoSecretAsItIs) {
  for (const char* url :
       {"sqlite://./data/chatcore.db", "postgresql://u@h/d", "postgresql:///d", "postgresql://h1,h2/d"}) {
    EXPECT_EQ(redacted_url(url), url);
  }
}

TEST(DatabaseUrl, TellsItsKindByTheScheme) {
  EXPECT_EQ(kind_of_database("sqlite://x"), DatabaseKind::sqlite);
  EXPECT_EQ(kind_of_database("postgresql://x"), DatabaseKind::postgresql);
  EXPECT_EQ(kind_of_database("postgres://x"), DatabaseKind::postgresql);
  EXPECT_EQ(kind_of_database("mysql://x"), DatabaseKind::unknown);
  EXPECT_EQ(kind_of_database("x.db"), DatabaseKind::unknown);
}

}  // namespace
}  // namespace chatcore::storage
