using System.Text;

namespace PackageCatalog.Reading;

/// <summary>Reads UTF-8 lines one by one and counts them, with one buffer whose size has a limit.</summary>
/// <param name="stream">The unpacked text.</param>
/// <param name="file">Its name, for errors.</param>
/// <param name="size">How many bytes it must have, modulo 2^32, where the file says so.</param>
internal sealed class LineReader(Stream stream, string file, uint? size)
{
    private const int MaxLineBytes = 16 * 1024 * 1024;
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;
    private bool _ended;
    private long _bytes;

    /// <summary>The number of the line that was read last, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>The next line without its end; null after the last.</summary>
    /// <exception cref="PackageFormatException">The line is no UTF-8, or longer than 16 MiB; or the file is damaged.</exception>
    public async ValueTask<string?> ReadAsync(CancellationToken ct)
    {
        var searched = 0;
        while (true)
        {
            var length = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (length >= 0)
                return Take(searched + length, skip: 1);
            searched = _end - _start;
            if (_ended)
                return searched == 0 ? null : Take(searched, skip: 0);
            await FillAsync(ct);
        }
    }

    private async ValueTask FillAsync(CancellationToken ct)
    {
        var held = _end - _start;
        if (held > MaxLineBytes)
            throw new PackageFormatException(file, Line + 1, $"the line has more than {MaxLineBytes:N0} bytes.");
        if (held == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        else if (_start > 0)
            Buffer.BlockCopy(_buffer, _start, _buffer, 0, held);
        // A full buffer starts at 0 already.
        (_start, _end) = (0, held);
        try
        {
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), ct);
            _end += read;
            _bytes += read;
            _ended = read == 0;
            // The unpacking itself takes a file that was cut off for a complete one.
            if (_ended && size is { } wanted && (uint)_bytes != wanted)
                throw new PackageFormatException(
                    file,
                    Line + 1,
                    $"the compressed data is cut off: {_bytes:N0} bytes were unpacked, and its end does not say so. (A file joined from several must be unpacked first.)"
                );
        }
        catch (InvalidDataException e)
        {
            throw new PackageFormatException(file, Line + 1, $"the compressed data is damaged or cut off ({e.Message})");
        }
    }

    private string Take(int length, int skip)
    {
        Line++;
        var bytes = _buffer.AsSpan(_start, length);
        _start += length + skip;
        if (bytes is [.., (byte)'\r'])
            bytes = bytes[..^1];
        if (Line == 1 && bytes is [0xEF, 0xBB, 0xBF, ..])
            bytes = bytes[3..];
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new PackageFormatException(file, Line, "the line is not UTF-8.");
        }
    }
}
