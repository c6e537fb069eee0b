"""A data folder small enough to read: one mine, one border, one port, two buyers."""

from __future__ import annotations

from pathlib import Path

TABLES = {
    "sources.csv": """source_id,publisher,title,url
S1,Somebody,A page,https://example.org/a
JUDGEMENT,kazroutes data set,Judgement without a source,
""",
    "places.csv": """place_id,name,country,kind,lat,lon,source_id,grade
mine,Mine,KZ,mine,50,70,S1,A
border,Border,KZ,border_crossing,51,68,S1,A
port,Port,RU,port,55,40,S1,A
town,Town,KZ,city,49,69,S1,A
abroad,Abroad,DE,port,54,10,S1,A
""",
    "commodities.csv": (
        "commodity_id,parent_id,name,commodity_class,modes,unit_value_usd_per_t,low,high,"
        "interest_per_year,interest_low,interest_high,t_per_teu,source_id,grade\n"
        "coal,coal,Coal,coal,rail1520;dry,60,50,70,0.1,0.05,0.15,,S1,A\n"
    ),
    "links.csv": (
        "link_id,from_node_id,to_node_id,kind,mode,commodity_classes,country,length_km,days,"
        "days_source_id,days_grade,from_year,to_year,status,source_id,grade,note\n"
        "mine-load,mine.site,mine.rail1520,load,rail1520,,KZ,0,1,S1,A,,,operating,S1,A,\n"
        "mine-border,mine.rail1520,border.rail1520,move,rail1520,,KZ,300,1,S1,A,,,operating,S1,A,\n"
        "border-port,border.rail1520,port.rail1520,move,rail1520,,RU,900,3,S1,A,,,operating,S1,A,\n"
        "port-load,port.rail1520,port.dry,transfer,dry,,RU,0,2,S1,A,,,operating,S1,A,\n"
        "port-abroad,port.dry,abroad.dry,move,dry,,XZ,2000,5,S1,A,,,operating,S1,A,\n"
        "abroad-out,abroad.dry,abroad.site,unload,dry,,DE,0,1,S1,A,,,operating,S1,A,\n"
        "mine-town,mine.rail1520,town.rail1520,move,rail1520,,KZ,200,1,S1,A,,,operating,S1,A,\n"
        "town-out,town.rail1520,town.site,unload,rail1520,,KZ,0,1,S1,A,,,operating,S1,A,\n"
    ),
    "capacities.csv": (
        "subject_id,capacity,background,low,high,unit,basis,enforced,firm,source_id,grade,note\n"
        "border-port,5,1,4,6,Mt/yr,practical,yes,no,S1,B,\n"
        "berth,3,0,2,4,Mt/yr,practical,yes,no,S1,B,\n"
    ),
    "shared_capacities.csv": (
        "shared_id,link_id,commodity_class,coefficient,low,high,unit,source_id,grade\n"
        "berth,port-load,,1,1,1,t/t,S1,A\n"
    ),
    "tariffs.csv": (
        "scope,kind,use,commodity_class,usd_per_t,usd_per_t_km,low,high,price_year,source_id,"
        "grade,note\n"
        "country-mode:KZ/rail1520,carriage,any,,0,0.01,0.008,0.012,2023,S1,B,\n"
        "country-mode:RU/rail1520,carriage,any,,0,0.015,0.01,0.02,2023,S1,B,\n"
        "country-mode:KZ/rail1520,handling,any,,1,0,0.5,2,2023,S1,B,\n"
        "link:port-load,handling,any,coal,5,0,4,6,2023,S1,B,\n"
        "link:port-abroad,freight,any,,10,0,8,12,2023,S1,B,\n"
        "link:abroad-out,handling,any,,0,0,0,1,2023,S1,B,\n"
    ),
    "supplies.csv": (
        "commodity_id,place_id,year,mt_per_year,low,high,lifting_cost_usd_per_t,lifting_low,"
        "lifting_high,source_id,grade\ncoal,mine,2023,4,3,5,8,6,10,S1,A\n"
    ),
    "markets.csv": (
        "commodity_id,place_id,year,max_mt_per_year,min_mt_per_year,shortfall_price_usd_per_t,"
        "price_usd_per_t,price_basis,basis_place_id,price_low,price_high,price_grade,price_year,"
        "low,high,source_id,grade\n"
        "coal,abroad,2023,10,0,,90,cif,abroad,80,100,B,2023,8,12,S1,A\n"
        "coal,town,2023,1,0.5,40,20,dap,town,15,25,B,2023,0.5,1,S1,A\n"
    ),
    "emissions.csv": (
        "mode,country,ship_class,direct_g_per_t_km,upstream_g_per_t_km,low,high,source_id,grade\n"
        "rail1520,,,20,5,15,35,S1,B\ndry,,,6,1,4,10,S1,B\n"
    ),
}  # fmt: skip


def write_tiny(folder: Path, *edits: tuple[str, str, str]) -> Path:
    """Write the tables to `folder`, with (file, old, new) edits; an edit must find its text."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = dict(TABLES)
    for file, old, new in edits:
        assert old in texts[file], (file, old)
        texts[file] = texts[file].replace(old, new, 1)
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8")
    return folder
