using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.CompilerServices;

namespace PackageCatalog.Reading;

/// <summary>Reads a package index, state by state: Debian's own <c>Packages</c> format or JSON lines, plain or gzip. Which, the content tells, not the name.</summary>
public static class PackageIndex
{
    /// <summary>Opens an index and reads its first state, so that a wrong file is known before anything is started for it.</summary>
    /// <exception cref="PackageFormatException">The index cannot be read.</exception>
    public static async Task CheckAsync(string file, CancellationToken ct = default)
    {
        await foreach (var _ in ReadAsync(file, ct))
            return;
    }

    /// <exception cref="PackageFormatException">The index cannot be read; the message names file and line.</exception>
    public static async IAsyncEnumerable<PackageRecord> ReadAsync(string file, [EnumeratorCancellation] CancellationToken ct = default)
    {
        var (stream, size) = await OpenAsync(file, ct);
        await using var opened = stream;
        var lines = new LineReader(stream, file, size);
        var first = await FirstAsync(lines, ct);
        if (first is null)
            throw new PackageFormatException(file, 0, "the index is empty.");
        var records = first.StartsWith('{')
            ? JsonLines.ReadAsync(first, lines, file, ct)
            : ControlStanzas.ReadAsync(first, lines, file, ct);
        await foreach (var record in records)
            yield return record;
    }

    private static async Task<string?> FirstAsync(LineReader lines, CancellationToken ct)
    {
        string? line;
        do line = await lines.ReadAsync(ct);
        while (line is not null && string.IsNullOrWhiteSpace(line));
        return line;
    }

    /// <summary>The unpacked text, and its size modulo 2^32 where the file names it.</summary>
    private static async Task<(Stream Text, uint? Size)> OpenAsync(string file, CancellationToken ct)
    {
        var stream = Open(file);
        var magic = new byte[6];
        var read = await stream.ReadAtLeastAsync(magic, magic.Length, throwOnEndOfStream: false, ct);
        stream.Position = 0;
        switch (magic.AsSpan(0, read))
        {
            case [0x1F, 0x8B, ..]:
                return (new GZipStream(stream, CompressionMode.Decompress), ReadSize(stream, file));
            case [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', ..]:
                await stream.DisposeAsync();
                throw Packed(file, "xz", $"xz -dc '{file}'");
            case [0x04, 0x22, 0x4D, 0x18, ..]:
                await stream.DisposeAsync();
                throw Packed(file, "lz4", $"/usr/lib/apt/apt-helper cat-file '{file}'");
            default:
                return (stream, null);
        }
    }

    private static FileStream Open(string file)
    {
        if (Directory.Exists(file))
            throw new PackageFormatException(file, 0, "this is a directory. Name the index itself: a Packages file or JSON lines.");
        FileStream stream;
        try
        {
            stream = new(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new PackageFormatException(file, 0, "there is no such file.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PackageFormatException(file, 0, $"the file cannot be opened for reading ({e.Message})");
        }
        if (stream.CanSeek)
            return stream;
        stream.Dispose();
        throw new PackageFormatException(
            file,
            0,
            "this is a pipe or a device, and the index is opened more than once. Write it to a file first."
        );
    }

    // A gzip file ends with the size of what is in it.
    private static uint ReadSize(FileStream packed, string file)
    {
        // Header and end alone have so many bytes.
        if (packed.Length < 18)
            throw new PackageFormatException(file, 0, "the compressed data is cut off.");
        Span<byte> size = stackalloc byte[sizeof(uint)];
        packed.Seek(-size.Length, SeekOrigin.End);
        packed.ReadExactly(size);
        packed.Position = 0;
        return BinaryPrimitives.ReadUInt32LittleEndian(size);
    }

    private static PackageFormatException Packed(string file, string format, string command) =>
        new(file, 0, $"this is an {format} file, and only gzip is unpacked here. Unpack it first, for example with: {command} > Packages");
}
