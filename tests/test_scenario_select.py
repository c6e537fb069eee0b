"""What selectors find."""

import numpy as np
import pytest

from models.scenario.select import GATEWAYS, NothingFoundError, Selector, match_names
from models.scenario.where import LinkWhere, StreamWhere, SubjectWhere, TradeWhere
from routes.corridors import exit_links
from scenario_case import tiny_case

SELECT = Selector(tiny_case())


def links(**where):
    return set(SELECT.case.links.index[SELECT.links(LinkWhere(**where))])


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"link": "hub-cn-pipe"}, {"hub-cn-pipe"}),
        ({"link": ["hub-cn-pipe", "*-swap"]}, {"hub-cn-pipe", "hub-swap"}),
        ({"link": "port-*", "mode": "tanker"}, {"port-abay-tanker"}),
        ({"place": "abay"}, {"port-abay-tanker", "abay-market-tanker", "abay-market-idle",
                             "port-abay-pipe"}),
        ({"shared": "fleet"}, {"port-abay-tanker"}),
        ({"country": "AZ"}, {"abay-market-idle"}),
        ({"from_country": "KZ", "to_country": ["RU", "CN"]}, {"hub-rport-pipe", "hub-cn-pipe",
                                                              "farm-rport-rail"}),
        ({"mode": ["rail1520", "dry"], "country": "RU"}, {"farm-rport-rail", "rport-rail-dry"}),
        ({"kind": "swap"}, {"hub-swap"}),
        ({"flag": "storm"}, {"port-abay-tanker"}),
        ({"flag": ["depends:RU", "storm"]}, {"hub-swap", "port-abay-tanker"}),
        ({"commodity": "wheat", "country": "XZ"}, {"rport-market-dry"}),
        ({"commodity": "crude", "kind": "swap"}, {"hub-swap"}),
        ({"corridor": "via-russia"}, {"rport-market-tanker", "rport-market-dry"}),
        ({"corridor": "to-russia"}, {"hub-rport-pipe", "farm-rport-rail"}),
        ({"corridor": "china"}, {"hub-cn-pipe"}),
        ({"corridor": "middle-corridor"}, {"port-abay-tanker", "port-abay-pipe"}),
        ({"corridor": ["china", "middle-corridor"], "mode": "pipeline"}, {"hub-cn-pipe",
                                                                          "port-abay-pipe"}),
    ],
)  # fmt: skip
def test_links(where, found):
    assert links(**where) == found


def test_domestic_links_stay_at_home():
    chosen = SELECT.case.links.loc[sorted(links(corridor="domestic"))]
    assert set(chosen["from_country"]) == set(chosen["to_country"]) == {"KZ"}


def test_the_gateway_of_russia_is_its_exits():
    mask = SELECT.links(LinkWhere(corridor="via-russia"))
    assert np.array_equal(mask, exit_links(SELECT.case.links, "RU"))
    assert set(GATEWAYS) >= {"via-russia", "china"}


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"link": "hub-cn-pipe"}, (["hub-cn-pipe"], [])),
        ({"shared": "*"}, ([], ["fleet", "wagons"])),
        ({"shared": "*", "place": "port"}, ([], ["fleet"])),
        ({"shared": ["fleet", "wagons"], "country": "RU"}, ([], ["wagons"])),
        ({"subject": ["hub-cn-pipe", "fleet"]}, (["hub-cn-pipe"], ["fleet"])),
        ({"subject": "*", "mode": "rail1520", "country": "RU"}, (["farm-rport-rail"], ["wagons"])),
    ],
)
def test_capacities(where, found):
    assert SELECT.subjects(SubjectWhere(**where)) == found


def test_trade_and_streams():
    markets, supplies = SELECT.case.markets, SELECT.case.supplies
    found = markets[SELECT.trade("markets", TradeWhere(country="IT", commodity="cereals"))]
    assert set(found["commodity_id"]) == {"wheat", "flour"}
    assert list(supplies[SELECT.trade("supplies", TradeWhere(place="f*"))]["place_id"]) == [
        "field", "farm", "farm",
    ]  # fmt: skip
    assert SELECT.streams(StreamWhere(link="rport-load", place="field")).sum() == 1


def test_commodities_by_id_group_and_class():
    assert SELECT.commodity_ids(["wheat"]) == ("wheat",)
    assert (
        SELECT.commodity_ids(["cereals"]) == SELECT.commodity_ids(["grain"]) == ("flour", "wheat")
    )
    assert SELECT.commodity_ids(["w*", "crude"]) == ("crude", "wheat")


def test_stars_stand_for_any_characters():
    values = np.array(["a-b", "a-b-c", "b", "a.b"], dtype=object)
    assert match_names(["a-*"], values).tolist() == [True, True, False, False]
    assert match_names(["*-c", "b"], values).tolist() == [False, True, True, False]
    assert match_names(["*"], values).all()


def test_the_counts_say_which_key_is_too_narrow():
    with pytest.raises(NothingFoundError) as caught:
        links(kind="swap", country="RU")
    assert "(country: 4, kind: 1)" in caught.value.rule
