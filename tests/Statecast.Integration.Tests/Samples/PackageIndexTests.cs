using System.IO.Compression;
using System.Text;
using PackageCatalog.Reading;
using Statecast.Integration.Tests.Sqlite;
using Xunit;

namespace Statecast.Integration.Tests.Samples;

public sealed class PackageIndexTests : IDisposable
{
    private const string Json = """
        {"name":"zoé+","version":"2:1.0~rc1-3+b2","architecture":"amd64","section":"net","priority":"optional","maintainer":"Zoë <z@example.org>","homepage":"https://example.org/","installedSizeKiB":12,"sizeBytes":345,"sha256":"ab","source":"zoe (2:1.0~rc1-3)","multiArch":"same","depends":["libc6 (>= 2.36)","a | b"],"recommends":[],"suggests":["c"],"provides":["d (= 1)"],"tags":["role::program","interface::commandline","interface::x11"],"description":"line one\nline two\n\nline four","filename":"pool/z.deb"}
        {"name":"bare","version":"1","architecture":"all","section":"unknown","priority":"optional","maintainer":"M","homepage":null,"installedSizeKiB":null,"sizeBytes":0,"sha256":"cd","source":null,"multiArch":null,"depends":[],"recommends":[],"suggests":[],"provides":[],"tags":[],"description":"d","filename":"f"}

        """;

    private const string Control = """
        Package: zoé+
        Source: zoe (2:1.0~rc1-3)
        Version: 2:1.0~rc1-3+b2
        Installed-Size: 12
        Maintainer: Zoë <z@example.org>
        Architecture: amd64
        Provides: d (= 1)
        Depends: libc6 (>= 2.36),
         a | b
        Pre-Depends: dpkg
        suggests: c
        Description: line one
         line two
         .
         line four
        Description-md5: 00
        Multi-Arch: same
        Homepage: https://example.org/
        Tag: role::program, interface::{commandline,x11}
        Section: net
        Priority: optional
        Filename: pool/z.deb
        Size: 345
        SHA256: ab


        Package: bare
        Version: 1
        Architecture: all
        Maintainer: M
        Size: 0
        SHA256: cd
        Filename: f
        Description: d
        """;

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Both_formats_say_the_same()
    {
        var json = await ReadAsync(Bytes(Json));
        var control = await ReadAsync(Bytes(Control));
        Assert.Equal(2, json.Count);
        Assert.Equal(json.Select(Text), control.Select(Text));
        Assert.Equal("line one\nline two\n\nline four", control[0].Description);
        Assert.Equal(["libc6 (>= 2.36)", "a | b"], control[0].Depends);
        Assert.Null(control[1].InstalledSizeKiB);
    }

    [Theory]
    [InlineData(Json)]
    [InlineData(Control)]
    public async Task Compression_and_line_ends_are_told_by_the_content(string text)
    {
        var plain = (await ReadAsync(Bytes(text))).Select(Text).ToList();
        Assert.Equal(plain, (await ReadAsync(Gzip(Bytes(text)))).Select(Text));
        Assert.Equal(plain, (await ReadAsync(Bytes(text.ReplaceLineEndings("\r\n")))).Select(Text));
        Assert.Equal(plain, (await ReadAsync([0xEF, 0xBB, 0xBF, .. Bytes(text)])).Select(Text));
        Assert.Equal(plain, (await ReadAsync(Bytes($"\n\n{text}"))).Select(Text));
    }

    [Fact]
    public async Task Excerpt_holds_what_is_odd_in_real_data()
    {
        var excerpt = Path.Combine(AppContext.BaseDirectory, "Excerpt");
        var packages = await PackageIndex.ReadAsync(Path.Combine(excerpt, "packages.ndjson")).ToListAsync();
        var updates = await PackageIndex.ReadAsync(Path.Combine(excerpt, "updates.Packages")).ToListAsync();
        Assert.Equal((191, 58), (packages.Count, updates.Count));
        Assert.Equal(4, packages.GroupBy(p => p.Name).Count(g => g.Count() > 1));
        Assert.Contains(packages, p => p.Description.Any(c => c > 127));
        Assert.Contains(packages, p => p.InstalledSizeKiB is null && p.Homepage is null);
        Assert.Contains(packages, p => p.Version.Contains(':') && p.Version.Contains('~') && p.Version.Contains('-'));
        Assert.Contains(packages, p => p.Name.Contains('+'));
        Assert.Contains(updates, u => packages.All(p => p.Name != u.Name));
        Assert.Contains(updates.GroupBy(u => u.Name), g => g.Count() > 1);
    }

    [Theory]
    [InlineData("", 0, "empty")]
    [InlineData("\n\n", 0, "empty")]
    [InlineData("{\"name\":\"a\"}\n", 1, "'version' is missing")]
    [InlineData("{\"name\":\"a\"\n", 1, "JSON")]
    [InlineData("Package: a\nVersion 1\n", 2, "neither a field")]
    [InlineData(" continued\n", 1, "before the first field")]
    [InlineData("Package: a\nVersion: 1\n", 1, "'Architecture'")]
    [InlineData("Package: a\nPackage: b\n", 2, "twice")]
    [InlineData("Package: a\nVersion: 1\nArchitecture: all\nMaintainer: m\nSize: many\n", 5, "no whole number")]
    [InlineData("Package: a\nVersion: 1\nArchitecture: all\nMaintainer:\n", 4, "'Maintainer'")]
    public async Task Malformed_text_is_refused_with_its_line(string text, long line, string reason)
    {
        var e = await Assert.ThrowsAsync<PackageFormatException>(() => ReadAsync(Bytes(text)));
        Assert.Equal(line, e.Line);
        Assert.Contains(reason, e.Message);
        Assert.Contains(_directory.Path, e.Message);
    }

    [Theory]
    [InlineData("[]", "expected a JSON object with the fields of a package, found an array.")]
    [InlineData("null", "expected a JSON object with the fields of a package, found null.")]
    [InlineData("{", "the line is no JSON from byte 2 on.")]
    [InlineData("{}", "the field 'name' is missing: expected a string.")]
    [InlineData("\"sizeBytes\":0", "\"sizeBytes\":\"x\"", "the field 'sizeBytes' must be a whole number, found a string.")]
    [InlineData("\"sizeBytes\":0", "\"sizeBytes\":1.5", "the field 'sizeBytes' must be a whole number, found the number 1.5.")]
    [InlineData("\"version\":\"1\"", "\"version\":null", "the field 'version' must be a string, found null.")]
    [InlineData("\"version\":\"1\",", "", "the field 'version' is missing: expected a string.")]
    [InlineData("\"depends\":[]", "\"depends\":[1]", "the field 'depends' must be an array of strings, found an array.")]
    [InlineData("\"homepage\":null", "\"homepage\":false", "the field 'homepage' must be a string or null, found false.")]
    [InlineData("\"version\":\"1\"", "\"version\":\"1\",\"version\":\"2\"", "the field 'version' stands 2 times.")]
    public async Task Malformed_line_is_named_with_what_was_expected(params string[] bad)
    {
        var good = Json.Split('\n')[1];
        var line = bad.Length == 2 ? bad[0] : good.Replace(bad[0], bad[1]);
        Assert.NotEqual(good, line);
        var e = await Assert.ThrowsAsync<PackageFormatException>(() => ReadAsync(Bytes($"{good}\n{line}\n")));
        Assert.Equal(2, e.Line);
        Assert.StartsWith($"{_directory.File("index")}, line 2: ", e.Message);
        Assert.EndsWith(bad[^1], e.Message);
        Assert.DoesNotContain("PackageRecord", e.Message);
    }

    [Fact]
    public async Task File_that_cannot_be_opened_is_said_to_be_so()
    {
        var missing = await Assert.ThrowsAsync<PackageFormatException>(() => PackageIndex.CheckAsync(_directory.File("no-such-file")));
        Assert.EndsWith("there is no such file.", missing.Message);
        var folder = await Assert.ThrowsAsync<PackageFormatException>(() => PackageIndex.CheckAsync(_directory.Path));
        Assert.Contains("this is a directory", folder.Message);
        var file = _directory.File("held");
        await using var held = new FileStream(file, FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        var locked = await Assert.ThrowsAsync<PackageFormatException>(() => PackageIndex.CheckAsync(file));
        Assert.Contains("cannot be opened for reading", locked.Message);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_refused()
    {
        var e = await Assert.ThrowsAsync<PackageFormatException>(() => ReadAsync([.. "Package: a\nVersion: "u8, 0xFF, 0xFE, (byte)'\n']));
        Assert.Equal(2, e.Line);
        Assert.Contains("UTF-8", e.Message);
    }

    [Fact]
    public async Task Compressed_data_that_is_cut_off_is_refused()
    {
        var random = new Random(1);
        var text = new StringBuilder();
        for (var i = 0; i < 200; i++)
            text.Append(Json.Split('\n')[1].Replace("\"bare\"", $"\"bare{random.Next()}\"")).Append('\n');
        var whole = Gzip(Bytes(text.ToString()));
        Assert.Equal(200, (await ReadAsync(whole)).Count);
        await Assert.ThrowsAsync<PackageFormatException>(() => ReadAsync(whole[..(whole.Length / 2)]));
        await Assert.ThrowsAsync<PackageFormatException>(() => ReadAsync(whole[..^8]));
        await Assert.ThrowsAsync<PackageFormatException>(() => ReadAsync(whole[..3]));
    }

    [Theory]
    [InlineData(new byte[] { 0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00, 0x00 }, "xz")]
    [InlineData(new byte[] { 0x04, 0x22, 0x4D, 0x18, 0x64, 0x40, 0xA7 }, "lz4")]
    public async Task Other_compression_is_told_how_to_unpack(byte[] content, string format)
    {
        var e = await Assert.ThrowsAsync<PackageFormatException>(() => ReadAsync(content));
        Assert.Contains(format, e.Message);
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(PackageRecord record) => System.Text.Json.JsonSerializer.Serialize(record);

    private static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(content);
        return packed.ToArray();
    }

    private async Task<List<PackageRecord>> ReadAsync(byte[] content)
    {
        var file = _directory.File("index");
        await File.WriteAllBytesAsync(file, content);
        return await PackageIndex.ReadAsync(file).ToListAsync();
    }
}
