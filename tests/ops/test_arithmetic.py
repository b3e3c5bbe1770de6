import numpy as np
import pytest

from seqzoo.ops.arithmetic import ceil_div, next_power_of_two, round_up


@pytest.mark.parametrize("divisor", [1, 3, 8])
def test_the_quotient_and_the_multiple_are_the_least_that_suffice(divisor):
    numbers = np.arange(30)
    quotients = ceil_div(numbers, divisor)
    assert np.all(quotients * divisor >= numbers)
    assert np.all((quotients - 1) * divisor < numbers)
    np.testing.assert_array_equal(round_up(numbers, divisor), quotients * divisor)
    assert [ceil_div(int(n), divisor) for n in numbers] == quotients.tolist()


def test_the_power_of_two_is_the_least_that_suffices():
    powers = [next_power_of_two(number) for number in range(1, 40)]
    for number, power in enumerate(powers, 1):
        assert power // 2 < number <= power
        assert power & (power - 1) == 0
