#include "chatcore/api/path.h"

#include <gtest/gtest.h>

namespace chatcore::api {
namespace {

TEST(Path, WithoutPlacesItIsExact) {
  EXPECT_TRUE(match_path("/v1/models", "/v1/models"));
  EXPECT_TRUE(match_path("/", "/"));
  for (const char* other : {"", "/v1/model", "/v1/models/", "/v1/modelss", "/V1/models"}) {
    EXPECT_FALSE(match_path("/v1/models", other)) << other;
  }
}

TEST(Path, APlaceTakesOneSegment) {
  const auto values = match_path("/v1/conversations/{id}/items/{item}", "/v1/conversations/conv_1/items/msg_2");
  ASSERT_TRUE(values);
  EXPECT_EQ(*values, (PathValues{{"id", "conv_1"}, {"item", "msg_2"}}));
  EXPECT_FALSE(match_path("/v1/conversations/{id}", "/v1/conversations/a/b"));
  EXPECT_FALSE(match_path("/v1/conversations/{id}/items", "/v1/conversations/a/other"));
}

TEST(Path, APlaceNeverTakesNothing) {
  EXPECT_FALSE(match_path("/v1/conversations/{id}", "/v1/conversations/"));
  EXPECT_FALSE(match_path("/v1/conversations/{id}", "/v1/conversations"));
  EXPECT_FALSE(match_path("/v1/conversations/{id}/items", "/v1/conversations//items"));
  EXPECT_FALSE(match_path("/v1/models/{+model}", "/v1/models/"));
}

TEST(Path, ALastPlaceMayTakeSlashes) {
  EXPECT_EQ(match_path("/v1/models/{+model}", "/v1/models/maker/model"), (PathValues{{"model", "maker/model"}}));
}

}  // namespace
}  // namespace chatcore::api
