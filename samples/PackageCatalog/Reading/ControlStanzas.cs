using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace PackageCatalog.Reading;

/// <summary>
/// Debian's own format: a stanza of <c>Field: value</c> lines per package, stanzas parted by empty lines, values continued on lines that begin with a blank.
/// Fields that the catalogue does not keep are passed over, <c>Pre-Depends</c> too.
/// </summary>
internal static class ControlStanzas
{
    public static async IAsyncEnumerable<PackageRecord> ReadAsync(
        string first,
        LineReader lines,
        string file,
        [EnumeratorCancellation] CancellationToken ct
    )
    {
        var stanza = new Stanza(file);
        for (var line = first; line is not null; line = await lines.ReadAsync(ct))
        {
            if (!string.IsNullOrWhiteSpace(line))
                stanza.Add(line, lines.Line);
            else if (!stanza.IsEmpty)
            {
                yield return stanza.ToRecord();
                stanza = new(file);
            }
        }
        if (!stanza.IsEmpty)
            yield return stanza.ToRecord();
    }

    private sealed class Stanza(string file)
    {
        private readonly Dictionary<string, (StringBuilder Text, long Line)> _fields = new(StringComparer.OrdinalIgnoreCase);
        private StringBuilder? _current;
        private long _firstLine;

        public bool IsEmpty => _fields.Count == 0;

        public void Add(string line, long number)
        {
            if (IsEmpty)
                _firstLine = number;
            if (line[0] is ' ' or '\t')
            {
                Continue(line[1..].TrimEnd(), number);
                return;
            }
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
                throw new PackageFormatException(file, number, $"'{Start(line)}' is neither a field ('Name: value') nor continues one.");
            var name = line[..colon];
            _current = new StringBuilder(line[(colon + 1)..].Trim());
            if (!_fields.TryAdd(name, (_current, number)))
                throw new PackageFormatException(
                    file,
                    number,
                    $"the field '{name}' stands twice in one stanza (first in line {_fields[name].Line})."
                );
        }

        public PackageRecord ToRecord() =>
            new()
            {
                Name = Required("Package"),
                Version = Required("Version"),
                Architecture = Required("Architecture"),
                // Recommended, but not demanded by Debian's policy.
                Section = Optional("Section") ?? "unknown",
                Priority = Optional("Priority") ?? "optional",
                Maintainer = Required("Maintainer"),
                Homepage = Optional("Homepage"),
                InstalledSizeKiB = Optional("Installed-Size") is null ? null : Number("Installed-Size"),
                SizeBytes = Number("Size"),
                Sha256 = Required("SHA256"),
                Source = Optional("Source"),
                MultiArch = Optional("Multi-Arch"),
                Depends = List("Depends"),
                Recommends = List("Recommends"),
                Suggests = List("Suggests"),
                Provides = List("Provides"),
                Tags = [.. List("Tag").SelectMany(ExpandTag)],
                Description = Required("Description"),
                Filename = Required("Filename"),
            };

        private void Continue(string text, long number)
        {
            if (_current is null)
                throw new PackageFormatException(file, number, "a line that continues a field stands before the first field.");
            // A single dot stands for an empty line.
            _current.Append('\n').Append(text == "." ? "" : text);
        }

        private string? Optional(string name) =>
            _fields.TryGetValue(name, out var field) && field.Text.Length > 0 ? field.Text.ToString() : null;

        private string Required(string name) =>
            Optional(name)
            ?? throw new PackageFormatException(
                file,
                _fields.TryGetValue(name, out var field) ? field.Line : _firstLine,
                $"the package {Optional("Package") ?? "(without a name)"} has no field '{name}', or an empty one."
            );

        private long Number(string name) =>
            long.TryParse(Required(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new PackageFormatException(file, _fields[name].Line, $"'{Required(name)}' in field '{name}' is no whole number.");

        private List<string> List(string name)
        {
            var items = new List<string>();
            var (text, start, depth) = (Optional(name) ?? "", 0, 0);
            for (var i = 0; i <= text.Length; i++)
            {
                if (i < text.Length && text[i] is '{' or '}')
                    depth += text[i] == '{' ? 1 : -1;
                if (i < text.Length && (text[i] != ',' || depth > 0))
                    continue;
                if (text[start..i].Trim().ReplaceLineEndings(" ") is { Length: > 0 } item)
                    items.Add(item);
                start = i + 1;
            }
            return items;
        }

        // Tags that differ at the end only are written as one: "interface::{commandline,x11}".
        private static IEnumerable<string> ExpandTag(string tag)
        {
            var open = tag.IndexOf("{", StringComparison.Ordinal);
            if (open < 0 || !tag.EndsWith('}'))
                return [tag];
            return tag[(open + 1)..^1].Split(',', StringSplitOptions.TrimEntries).Select(end => tag[..open] + end);
        }

        private static string Start(string line) => line.Length <= 40 ? line : $"{line[..40]}…";
    }
}
