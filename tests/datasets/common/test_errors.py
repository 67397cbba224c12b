"""Protects the wording that every unknown name gets: near names first, then all of them."""

from datasets.common.errors import DataError, UserError, check_name, unknown_name, user_error_of


def test_near_names_come_first_and_all_are_listed():
    text = str(unknown_name("data set", "mcl_jci", ["konjnd-1k-jpeg", "mcl-jci", "demo"]))
    assert text == "There is no data set 'mcl_jci'. Did you mean 'mcl-jci'? Known: demo, konjnd-1k-jpeg, mcl-jci."


def test_nothing_near_suggests_nothing():
    assert str(unknown_name("truth", "xyz", ["mean", "median"])) == "There is no truth 'xyz'. Known: mean, median."


def test_several_near_names_are_all_named():
    assert "Did you mean 'sur75' or 'sur50'?" in str(unknown_name("truth", "sur7", iter(["sur50", "sur75", "mean"])))


def test_damaged_data_can_be_put_right_by_the_user():
    assert issubclass(DataError, UserError)


def test_what_a_call_says_is_had_as_a_text():
    assert user_error_of(lambda: check_name("truth", "xyz", ["mean"])).startswith("There is no truth 'xyz'.")
    assert user_error_of(lambda: check_name("truth", "mean", ["mean"])) == ""
