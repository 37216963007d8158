using System;
using System.Collections.Generic;
using System.Globalization;

namespace Statecast.Serialization.Avro.Schemas;

/// <summary>Turns a schema's JSON into its types (Avro 1.12, "Schema Declaration" and "Names").</summary>
internal sealed class AvroSchemaParser
{
    private readonly Dictionary<string, AvroNamedSchema> _named = new(StringComparer.Ordinal);

    private readonly AvroDefaults _defaults;

    // A default's value is looked at once for each branch it could be of: who needs more looks than the schema has characters means harm.
    private AvroSchemaParser(string json) => _defaults = new(1_000 + json.Length);

    public static AvroSchema Parse(string json, AvroSchemaLimits limits) =>
        new AvroSchemaParser(json).Read(SchemaJsonReader.Read(json, limits), "", "$");

    private AvroSchema Read(SchemaJson json, string space, string path) =>
        json.Kind switch
        {
            SchemaJsonKind.Text => Named(json, json.Text, space, path, null),
            SchemaJsonKind.Array => Union(json, space, path),
            SchemaJsonKind.Object => Declared(json, space, path),
            _ => throw Fail(json, path, "a schema is a name, an object or a union in brackets"),
        };

    private AvroSchema Declared(SchemaJson json, string space, string path)
    {
        var type = json["type"] ?? throw Fail(json, path, "'type' is missing");
        if (type.Kind != SchemaJsonKind.Text)
            return Read(type, space, path + ".type");
        switch (type.Text)
        {
            case "record":
            case "error":
                return Record(json, space, path);
            case "enum":
                return Enum(json, space, path);
            case "fixed":
                return Fixed(json, space, path);
            case "array":
                return new AvroArray(Read(json["items"] ?? throw Fail(json, path, "'items' is missing"), space, path + ".items"));
            case "map":
                return new AvroMap(Read(json["values"] ?? throw Fail(json, path, "'values' is missing"), space, path + ".values"));
            default:
                return Named(type, type.Text, space, path, json);
        }
    }

    private AvroSchema Named(SchemaJson at, string name, string space, string path, SchemaJson? attributes)
    {
        if (AvroNames.Primitive(name) is { } primitive)
            return new AvroPrimitive(primitive, attributes is null ? null : AvroLogicalTypes.Read(attributes, primitive, 0));
        var full = name.IndexOf('.') < 0 && space.Length > 0 ? $"{space}.{name}" : name;
        return _named.TryGetValue(full, out var known) ? known
            : full != name && _named.TryGetValue(name, out known) ? known
            : throw Fail(at, path, $"'{name}' is no type of Avro's and none that was declared before");
    }

    private AvroUnion Union(SchemaJson json, string space, string path)
    {
        var branches = new List<AvroSchema>(json.Items.Count);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < json.Items.Count; i++)
        {
            var at = Index(path, i);
            var branch = Read(json.Items[i], space, at);
            if (branch is AvroUnion)
                throw Fail(json.Items[i], at, "a union holds no union directly");
            if (!seen.Add(branch is AvroNamedSchema named ? named.Name.Full : branch.Type.ToString()))
                throw Fail(json.Items[i], at, $"a union holds one {branch} at most");
            branches.Add(branch);
        }
        return new(branches);
    }

    private AvroRecord Record(SchemaJson json, string space, string path)
    {
        var name = NameOf(json, space, path);
        var record = new AvroRecord(name, AliasesOf(json, name.Namespace, path));
        Declare(json, record, path);
        if (json["fields"] is not { Kind: SchemaJsonKind.Array } fields)
            throw Fail(json, path, "'fields' is missing, or no array");
        var read = new List<AvroField>(fields.Items.Count);
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < fields.Items.Count; i++)
        {
            var field = Field(fields.Items[i], name.Namespace, Index(path + ".fields", i));
            if (!names.Add(field.Name))
                throw Fail(fields.Items[i], path, $"the field '{field.Name}' is given twice");
            read.Add(field);
        }
        record.Fields = read;
        for (var i = 0; i < read.Count; i++)
            // Only now: a default may be of the record's own type.
            if (read[i].Default is { } value && _defaults.Problem(read[i].Schema, value) is { } problem)
                throw Fail(value, Index(path + ".fields", i) + ".default", problem);
        return record;
    }

    private AvroField Field(SchemaJson json, string space, string path)
    {
        if (json.Kind != SchemaJsonKind.Object)
            throw Fail(json, path, "a field is an object");
        var name = TextOf(json, "name", path);
        if (!AvroNames.IsName(name))
            throw Fail(json, path, $"'{name}' is no name: letters, digits and '_', not beginning with a digit");
        var type = json["type"] ?? throw Fail(json, path, "'type' is missing");
        // Some writers put a field's logical type beside its type; the specification knows it within the type only.
        return new(name, Read(type, space, path + ".type"), json["default"], NamesIn(json, "aliases", path));
    }

    private AvroEnum Enum(SchemaJson json, string space, string path)
    {
        var name = NameOf(json, space, path);
        var symbols = NamesIn(json, "symbols", path);
        if (json["symbols"] is null)
            throw Fail(json, path, "'symbols' is missing");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var symbol in symbols)
            if (!AvroNames.IsName(symbol) || !seen.Add(symbol))
                throw Fail(json, path + ".symbols", $"'{symbol}' is no name, or given twice");
        var defaultSymbol = json["default"] is { } value
            ? value.Kind == SchemaJsonKind.Text && seen.Contains(value.Text)
                ? value.Text
                : throw Fail(value, path + ".default", "the default is none of the symbols")
            : null;
        var declared = new AvroEnum(name, AliasesOf(json, name.Namespace, path), symbols, defaultSymbol);
        Declare(json, declared, path);
        return declared;
    }

    private AvroFixed Fixed(SchemaJson json, string space, string path)
    {
        var name = NameOf(json, space, path);
        if (
            json["size"] is not { Kind: SchemaJsonKind.Number } given
            || !int.TryParse(given.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
        )
            throw Fail(json, path, "'size' is missing, or no whole number from 0");
        var declared = new AvroFixed(name, AliasesOf(json, name.Namespace, path), size, AvroLogicalTypes.Read(json, AvroType.Fixed, size));
        Declare(json, declared, path);
        return declared;
    }

    private void Declare(SchemaJson json, AvroNamedSchema schema, string path)
    {
        if (_named.ContainsKey(schema.Name.Full))
            throw Fail(json, path, $"'{schema.Name}' is declared twice");
        _named.Add(schema.Name.Full, schema);
    }

    private static AvroName NameOf(SchemaJson json, string space, string path)
    {
        var name = TextOf(json, "name", path);
        // A name with dots is full; the attribute beside it then says nothing.
        if (name.IndexOf('.') < 0 && json["namespace"] is { Kind: SchemaJsonKind.Text } given)
            space = given.Text;
        return AvroNames.Make(name, space) is { } made
            ? AvroNames.Primitive(made.Full) is null
                ? made
                : throw Fail(json, path, $"'{name}' is the name of one of Avro's own types")
            : throw Fail(json, path, $"'{name}' is no name: letters, digits and '_' between dots, no part beginning with a digit");
    }

    private static List<AvroName> AliasesOf(SchemaJson json, string space, string path)
    {
        var aliases = new List<AvroName>();
        foreach (var alias in NamesIn(json, "aliases", path))
            aliases.Add(AvroNames.Make(alias, space) ?? throw Fail(json, path + ".aliases", $"'{alias}' is no name"));
        return aliases;
    }

    private static List<string> NamesIn(SchemaJson json, string attribute, string path)
    {
        var names = new List<string>();
        if (json[attribute] is not { } given)
            return names;
        if (given.Kind != SchemaJsonKind.Array)
            throw Fail(given, $"{path}.{attribute}", "an array of names is expected");
        foreach (var item in given.Items)
            names.Add(item.Kind == SchemaJsonKind.Text ? item.Text : throw Fail(item, $"{path}.{attribute}", "a name is expected"));
        return names;
    }

    private static string TextOf(SchemaJson json, string attribute, string path) =>
        json[attribute] is { Kind: SchemaJsonKind.Text } text ? text.Text : throw Fail(json, path, $"'{attribute}' is missing, or no text");

    private static string Index(string path, int index) => $"{path}[{index.ToString(CultureInfo.InvariantCulture)}]";

    private static AvroSchemaException Fail(SchemaJson at, string path, string reason) => new(path, at.Offset, reason);
}
