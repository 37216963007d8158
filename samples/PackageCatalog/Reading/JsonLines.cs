using System.Runtime.CompilerServices;
using System.Text.Json;

namespace PackageCatalog.Reading;

/// <summary>One package state a line, as JSON.</summary>
internal static class JsonLines
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        AllowDuplicateProperties = false,
    };

    public static async IAsyncEnumerable<PackageRecord> ReadAsync(
        string first,
        LineReader lines,
        string file,
        [EnumeratorCancellation] CancellationToken ct
    )
    {
        for (var line = first; line is not null; line = await lines.ReadAsync(ct))
            if (!string.IsNullOrWhiteSpace(line))
                yield return Parse(line, lines.Line, file);
    }

    private static PackageRecord Parse(string line, long number, string file)
    {
        PackageRecord? record;
        try
        {
            record = JsonSerializer.Deserialize<PackageRecord>(line, Json);
        }
        catch (JsonException)
        {
            throw new PackageFormatException(file, number, JsonDefect.Of(line));
        }
        if (record is null)
            throw new PackageFormatException(file, number, JsonDefect.Of(line));
        return record.Name.Length > 0 ? record : throw new PackageFormatException(file, number, "the package has no name.");
    }
}
