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

TEST(OnNetwork, IsAPostgresqlOfAnotherMachine) {
  for (const char* here : {"sqlite://./data/chatcore.db", "postgresql:///chat", "postgresql://me@/chat",
                           "postgresql://localhost/chat", "postgres://me:p%40@127.0.0.1:5432/chat",
                           "postgresql://[::1]:5432/chat", "postgresql://%2Fvar%2Frun%2Fpostgresql/chat",
                           "postgresql:///chat?host=/var/run/postgresql", "postgresql:///chat?hostaddr=::1"}) {
    EXPECT_FALSE(is_on_network(here)) << here;
  }
  for (const char* there :
       {"postgresql://db/chat", "postgres://me:pass@db.example:5432/chat", "postgresql://[2001:db8::1]/chat",
        "postgresql://localhost,db/chat", "postgresql:///chat?host=db",
        "postgresql://localhost/chat?sslmode=require&hostaddr=192.0.2.1"}) {
    EXPECT_TRUE(is_on_network(there)) << there;
  }
}

}  // namespace
}  // namespace chatcore::storage
