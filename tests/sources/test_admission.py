"""Nothing but local rasters reaches GDAL: a catalogue or a data file must not make us fetch."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sources.making import ramp, write_raster
from tuilerie.errors import CatalogueError
from tuilerie.sources.admission import admit, drivers_for
from tuilerie.sources.describe import describe_file

VRT = """<VRTDataset rasterXSize="8" rasterYSize="8">
  <SRS>EPSG:4326</SRS><GeoTransform>0, 1, 0, 50, 0, -1</GeoTransform>
  <VRTRasterBand dataType="Byte" band="1"{band}>{extra}
    <SimpleSource><SourceFilename{relative}>{name}</SourceFilename><SourceBand>1</SourceBand>
    </SimpleSource>
  </VRTRasterBand>
</VRTDataset>"""


def vrt(folder: Path, name: str, *, relative: str = ' relativeToVRT="1"', **more: str) -> Path:
    path = folder / "some.vrt"
    text = VRT.format(
        name=name, relative=relative, band=more.get("band", ""), extra=more.get("extra", "")
    )
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "/vsicurl/http://127.0.0.1:9/a.tif",
        "/vsizip/a.zip/a.tif",
        "http://127.0.0.1:9/a.tif",
        "HTTPS://127.0.0.1:9/a.tif",
        "s3://bucket/a.tif",
        "WMS:http://127.0.0.1:9/wms",
        'NETCDF:"a.nc":t',
        "<VRTDataset/>",
        "a.tif\0.png",
    ],
)
def test_names_that_are_no_local_files_are_refused(name: str) -> None:
    """GDAL takes URLs, virtual file systems, connection strings and XML for names of files."""
    with pytest.raises(CatalogueError):
        admit(name)


def test_a_missing_file_a_folder_and_an_unreadable_device_are_told_apart(tmp_path: Path) -> None:
    """The operator must learn which of the three it is."""
    with pytest.raises(CatalogueError, match="does not exist"):
        admit(tmp_path / "nothing.tif")
    with pytest.raises(CatalogueError, match=r"is a folder.*mosaic"):
        admit(tmp_path)
    with pytest.raises(CatalogueError, match="not an ordinary file"):
        admit("/dev/zero")


def test_a_vrt_of_files_below_it_is_read(tmp_path: Path) -> None:
    """The ordinary output of gdalbuildvrt must work."""
    write_raster(tmp_path / "a.tif", ramp(8, 8), (0, 42, 8, 50))
    described = describe_file(vrt(tmp_path, "a.tif"))
    assert (described.width, described.height) == (8, 8)


@pytest.mark.parametrize(
    ("name", "relative"),
    [
        ("/vsicurl/http://127.0.0.1:9/a.tif", ""),
        ("http://127.0.0.1:9/a.tif", ""),
        ("WMS:http://127.0.0.1:9/wms", ""),
        ("../outside.tif", ' relativeToVRT="1"'),
        ("a.tif", ""),
        ("&lt;VRTDataset/&gt;", ""),
        ("missing.tif", ' relativeToVRT="1"'),
    ],
)
def test_a_vrt_may_not_lead_elsewhere(tmp_path: Path, name: str, relative: str) -> None:
    """A VRT is data, and data must not choose what the server opens."""
    folder = tmp_path / "in"
    folder.mkdir()
    write_raster(tmp_path / "outside.tif", ramp(8, 8))
    write_raster(folder / "a.tif", ramp(8, 8))
    with pytest.raises(CatalogueError):
        describe_file(vrt(folder, name, relative=relative))


def test_a_link_does_not_lead_a_vrt_out_of_its_folder(tmp_path: Path) -> None:
    """The real place of a member counts."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "link.tif").symlink_to(write_raster(tmp_path / "outside.tif", ramp(8, 8)))
    with pytest.raises(CatalogueError, match="outside of its own folder"):
        admit(vrt(folder, "link.tif"))


def test_members_in_trusted_folders_are_read(tmp_path: Path) -> None:
    """VRTs that were made elsewhere than their files exist, and an operator may allow them."""
    (tmp_path / "in").mkdir()
    member = write_raster(tmp_path / "outside.tif", ramp(8, 8))
    made = vrt(tmp_path / "in", str(member), relative="")
    assert admit(made, trusted=(tmp_path,)) == made


@pytest.mark.parametrize(
    "more",
    [
        {
            "band": ' subClass="VRTDerivedRasterBand"',
            "extra": "<PixelFunctionType>sum</PixelFunctionType>",
        },
        {
            "band": ' subClass="VRTDerivedRasterBand"',
            "extra": "<PixelFunctionLanguage>Python</PixelFunctionLanguage>",
        },
        {"band": ' subClass="VRTRawRasterBand"'},
    ],
)
def test_a_vrt_with_code_or_raw_bytes_is_refused(tmp_path: Path, more: dict[str, str]) -> None:
    """Python in a VRT would run in the server; raw bands show the bytes of any file."""
    write_raster(tmp_path / "a.tif", ramp(8, 8))
    with pytest.raises(CatalogueError, match="derived or raw"):
        admit(vrt(tmp_path, "a.tif", **more))


def test_a_vrt_in_a_vrt_is_held_to_the_same_rules(tmp_path: Path) -> None:
    """Otherwise one more layer of XML would be a way out."""
    inner = vrt(tmp_path, "/vsicurl/http://127.0.0.1:9/a.tif", relative="")
    inner.rename(tmp_path / "inner.tif")
    with pytest.raises(CatalogueError, match="not a file here"):
        admit(vrt(tmp_path, "inner.tif"))


def test_a_vrt_that_names_itself_ends(tmp_path: Path) -> None:
    """A circle must be refused, not followed."""
    with pytest.raises(CatalogueError, match="too deep"):
        admit(vrt(tmp_path, "some.vrt"))


def test_a_service_description_under_another_name_is_no_raster(tmp_path: Path) -> None:
    """GDAL tells formats by content: XML for its WMS driver may be called anything."""
    text = "<GDAL_WMS><Service name='TMS'><ServerUrl>http://127.0.0.1:9/</ServerUrl></Service></GDAL_WMS>"
    (tmp_path / "a.tif").write_text(text)
    assert "WMS" not in drivers_for(tmp_path / "a.tif")
    with pytest.raises(CatalogueError, match="not a raster"):
        describe_file(tmp_path / "a.tif")
    with pytest.raises(CatalogueError, match="text file inside a VRT"):
        admit(vrt(tmp_path, "a.tif"))


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    """A short VRT could otherwise fill the memory."""
    path = tmp_path / "a.vrt"
    path.write_text('<!DOCTYPE x [<!ENTITY a "b">]>\n<VRTDataset>&a;</VRTDataset>')
    with pytest.raises(CatalogueError, match="document type"):
        admit(path)


@pytest.mark.parametrize("text", ["<VRTDataset", "<VRTDataset>\0", "<VRTDataset></Other>"])
def test_broken_xml_is_a_message(tmp_path: Path, text: str) -> None:
    """No parser's exception may reach the operator."""
    path = tmp_path / "a.vrt"
    path.write_text(text)
    with pytest.raises(CatalogueError, match="well-formed"):
        admit(path)


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "utf-8-sig"]
)
@pytest.mark.parametrize("declared", ["", '<?xml version="1.0" encoding="UTF-16"?>'])
def test_another_encoding_hides_nothing(tmp_path: Path, encoding: str, declared: str) -> None:
    """A document type, or a member elsewhere, in bytes that no search for ASCII finds."""
    path = tmp_path / "a.vrt"
    text = f'{declared}<!DOCTYPE x [<!ENTITY a "b">]>\n<VRTDataset>&a;</VRTDataset>'
    path.write_bytes(text.encode(encoding))
    with pytest.raises(CatalogueError, match=r"UTF-8|document type"):
        admit(path)


def test_utf_16_around_ascii_is_refused(tmp_path: Path) -> None:
    """GDAL finds "<VRTDataset" in the bytes of what is a comment to a parser of UTF-16."""
    path = tmp_path / "a.vrt"
    hidden = b"<VRTDataset/>   ".decode("utf-16-le")
    path.write_bytes(f'\ufeff<!--{hidden}--><!DOCTYPE x [<!ENTITY a "b">]><x/>'.encode("utf-16-le"))
    with pytest.raises(CatalogueError, match="UTF-8"):
        admit(path)


@pytest.mark.parametrize(
    "spelling",
    [
        "<SimpleSource><sourcefilename>{}</sourcefilename>",
        "<SimpleSource><SOURCEFILENAME relativeToVrt='1'>{}</SOURCEFILENAME>",
        "<SimpleSource xmlns='urn:x'><SourceFilename>{}</SourceFilename>",
        "<SimpleSource SourceFilename='{}'>",
        "<SimpleSource sourcefilename='{}'>",
        "<SimpleSource><SourceFilename><![CDATA[{}]]></SourceFilename>",
        "<SimpleSource><SourceFilename>&#47;..{}</SourceFilename>",
        "<SimpleSource><SourceFilename relativeToVRT='1' relativetovrt='0'>{}</SourceFilename>",
    ],
)
def test_a_member_is_found_however_it_is_spelt(tmp_path: Path, spelling: str) -> None:
    """GDAL takes names in any case, attributes for elements, and knows no namespaces."""
    outside = write_raster(tmp_path / "outside.tif", ramp(8, 8))
    (tmp_path / "in").mkdir()
    path = vrt(tmp_path / "in", "x")
    element = '<SimpleSource><SourceFilename relativeToVRT="1">x</SourceFilename>'
    path.write_text(path.read_text().replace(element, spelling.format(outside)))
    with pytest.raises(CatalogueError):
        admit(path)


@pytest.mark.parametrize(
    "band",
    [' subclass="vrtderivedrasterband"', ' SUBCLASS="VRTRawRasterBand"', ' PixelFunctionType="a"'],
)
def test_code_is_found_however_it_is_spelt(tmp_path: Path, band: str) -> None:
    """The same, for what computes pixels or reads raw bytes of any file."""
    write_raster(tmp_path / "a.tif", ramp(8, 8))
    with pytest.raises(CatalogueError):
        admit(vrt(tmp_path, "a.tif", band=band))
    with pytest.raises(CatalogueError):
        admit(vrt(tmp_path, "a.tif", extra="<subClass>VRTDerivedRasterBand</subClass>"))
