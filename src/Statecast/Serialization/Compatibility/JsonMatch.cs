using System.Collections.Generic;
using System.Runtime.CompilerServices;
using Statecast.Serialization.Avro.Schemas;
using Statecast.Serialization.Json.Schema;

namespace Statecast.Serialization.Compatibility;

/// <summary>
/// What of a writer's JSON a reader of ours refuses. The rules are the codec's: unknown fields are passed over, a missing one needs a default or a null,
/// numbers must fit, an unknown symbol or case must have a stand-in or name. Where a value would be read but lose something, we refuse too.
/// </summary>
internal sealed class JsonMatch
{
    private const string Beside = "keep the type, or add a new field beside the old one";

    private readonly List<CompatibilityMismatch> _mismatches = [];

    // Told once: types that hold each other would differ again at every place, and there can be more places than could ever be told.
    private readonly HashSet<(JsonObjectShape Writer, JsonObjectShape Reader)> _compared = [];

    private JsonMatch() { }

    public static IReadOnlyList<CompatibilityMismatch> Mismatches(JsonStateSchema writer, JsonStateSchema reader)
    {
        var match = new JsonMatch();
        match.Key(writer, reader);
        try
        {
            match.Objects(writer.Root, reader.Root, "$");
        }
        catch (System.InsufficientExecutionStackException)
        {
            match._mismatches.Clear();
            match.Fail(
                "$",
                CompatibilityRule.Type,
                "the types are nested in each other too deeply",
                "nest them less: thousands of types in a row are no state"
            );
        }
        return match._mismatches;
    }

    // A renamed part is still the same: the reader knows it by its alias, or the writer knew it by the reader's name.
    private void Key(JsonStateSchema writer, JsonStateSchema reader)
    {
        var same = writer.Key.Count == reader.Key.Count;
        var (written, read) = (ByName(writer.Root), ByName(reader.Root));
        for (var i = 0; same && i < writer.Key.Count; i++)
            same =
                Field(reader.Root, read, reader.Key[i])?.IsNamed(writer.Key[i]) == true
                || Field(writer.Root, written, writer.Key[i])?.IsNamed(reader.Key[i]) == true;
        if (!same)
            Fail(
                "$",
                CompatibilityRule.Key,
                $"the key is ({string.Join(", ", writer.Key)}) where it is written, and ({string.Join(", ", reader.Key)}) where it is read",
                "keep the key: its text is what orders and identifies states"
            );
    }

    private static NamePlaces ByName(JsonObjectShape record) => NamePlaces.Of(record.Fields, f => f.Name);

    private static NamePlaces ByAlias(JsonObjectShape record)
    {
        var places = new NamePlaces();
        for (var i = 0; i < record.Fields.Count; i++)
            foreach (var alias in record.Fields[i].Aliases)
                places.Add(alias, i);
        return places;
    }

    private static JsonFieldShape? Field(JsonObjectShape record, NamePlaces places, string name) =>
        places.Of(name) is var place and >= 0 ? record.Fields[place] : null;

    private void Values(JsonShape writer, JsonShape reader, string path)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (writer is JsonNullableShape maybe)
        {
            if (reader is not JsonNullableShape)
                Fail(
                    path,
                    CompatibilityRule.Null,
                    "null may be written where none is read",
                    "keep it nullable, or add a new field beside it"
                );
            writer = maybe.Inner;
        }
        if (reader is JsonNullableShape nullable)
            reader = nullable.Inner;
        switch (writer, reader)
        {
            case (JsonBooleanShape, JsonBooleanShape):
            case (JsonTextShape written, JsonTextShape read) when written.Kind == read.Kind:
                break;
            case (JsonTextShape { Kind: JsonTextShape.Bytes }, JsonTextShape { Kind: "" }):
                Fail(
                    path,
                    CompatibilityRule.Loss,
                    "bytes are written where a text is read: it would be their base64 in JSON, and what they say as UTF-8 in Avro",
                    Beside
                );
                break;
            case (JsonTextShape or JsonEnumShape, JsonTextShape { Kind: "" }):
                break;
            case (JsonExactShape written, JsonExactShape read):
                Exact(written, read, path);
                break;
            case (JsonExactShape { Scale: 0 }, JsonFloatingShape):
                break;
            case (JsonFloatingShape written, JsonFloatingShape read) when read.IsDouble || !written.IsDouble:
                break;
            case (JsonEnumShape written, JsonEnumShape read):
                Symbols(written, read, path);
                break;
            case (JsonListShape written, JsonListShape read) when written.IsSet || !read.IsSet:
                Values(written.Item, read.Item, Join(path, "[]"));
                break;
            case (JsonListShape, JsonListShape):
                Fail(
                    path,
                    CompatibilityRule.Loss,
                    "a list is written where a set is read: its order and what it repeats would be lost",
                    Beside
                );
                break;
            case (JsonMapShape written, JsonMapShape read):
                Values(written.Value, read.Value, Join(path, "{}"));
                break;
            case (JsonCasesShape written, JsonCasesShape read):
                Cases(written, read, path);
                break;
            case (JsonObjectShape written, JsonObjectShape read):
                Objects(written, read, path);
                break;
            default:
                Fail(path, CompatibilityRule.Type, $"{writer} is written where {reader} is read", Beside);
                break;
        }
    }

    private void Exact(JsonExactShape writer, JsonExactShape reader, string path)
    {
        if (writer.Scale > reader.Scale || writer.Min < reader.Min || writer.Max > reader.Max)
            Fail(
                path,
                CompatibilityRule.Range,
                $"{writer} with {writer.Scale} digits after the point is written where {reader} with {reader.Scale} is read",
                "let the range and the digits only grow"
            );
    }

    private void Symbols(JsonEnumShape writer, JsonEnumShape reader, string path)
    {
        if (reader.Unknown is not null)
            return;
        var known = NamePlaces.Of(reader.Symbols, s => s);
        foreach (var symbol in writer.Symbols)
            if (known.Of(symbol) < 0)
                Fail(
                    path,
                    CompatibilityRule.EnumSymbol,
                    $"the symbol '{symbol}' is unknown to the reader's {reader.Name}, which has no default",
                    "add the symbol, or mark a default for symbols that are not known"
                );
    }

    private void Cases(JsonCasesShape writer, JsonCasesShape reader, string path)
    {
        // The first that has the name, as its own or as an alias.
        var known = new NamePlaces();
        for (var i = 0; i < reader.Cases.Count; i++)
        {
            known.Add(reader.Cases[i].CaseName!, i);
            foreach (var alias in reader.Cases[i].Aliases)
                known.Add(alias, i);
        }
        foreach (var written in writer.Cases)
            if (known.Of(written.CaseName!) is var place and >= 0)
                Objects(written, reader.Cases[place], path);
            else
                Fail(
                    path,
                    CompatibilityRule.UnionBranch,
                    $"the case '{written.CaseName}' is unknown to the reader",
                    "declare the case, or keep its earlier name as an alias"
                );
    }

    private void Objects(JsonObjectShape writer, JsonObjectShape reader, string path)
    {
        if (!_compared.Add((writer, reader)))
            return;
        var (names, aliases) = (ByName(reader), ByAlias(reader));
        var taken = new Dictionary<JsonFieldShape, string>();
        foreach (var written in writer.Fields)
            // By name, then by alias: as the reader looks for it.
            if ((Field(reader, names, written.Name) ?? Field(reader, aliases, written.Name)) is not { } read)
                continue;
            else if (taken.TryGetValue(read, out var other))
                Fail(
                    Join(path, read.Name),
                    CompatibilityRule.AliasTaken,
                    $"both '{other}' and '{written.Name}' are written, which the reader takes for one field",
                    "remove the alias, or give the field another name"
                );
            else
            {
                taken.Add(read, written.Name);
                Values(written.Value, read.Value, Join(path, written.Name));
            }
        foreach (var read in reader.Fields)
            if (read.IsRequired && !taken.ContainsKey(read))
                Fail(
                    Join(path, read.Name),
                    CompatibilityRule.MissingDefault,
                    $"the writer has no field '{read.Name}', and the reader no default for it",
                    "give the field a default, or an alias if it was renamed"
                );
    }

    private static string Join(string path, string step) =>
        step is "[]" or "{}" ? (path == "$" ? step : path + step)
        : path == "$" && step.Length > 0 ? step
        : $"{path}.{step}";

    private void Fail(string path, CompatibilityRule rule, string reason, string advice) =>
        _mismatches.Add(new(path, rule, reason, advice));
}
