using System;
using System.Text;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Contracts.Locks;

/// <summary>Where a lock is, and how its text looks: <c>&lt;directory&gt;/&lt;name&gt;/v&lt;major&gt;.&lt;minor&gt;.avsc</c>, and the JSON Schema beside it.</summary>
internal readonly struct LockFile
{
    public const string Avro = ".avsc";
    public const string Json = ".schema.json";

    private LockFile(string contract, ContractVersion version, bool isAvro)
    {
        Contract = contract;
        Version = version;
        IsAvro = isAvro;
    }

    /// <summary>The contract's name.</summary>
    public string Contract { get; }

    public ContractVersion Version { get; }

    /// <summary>Whether it is the Avro schema; else the JSON Schema.</summary>
    public bool IsAvro { get; }

    /// <summary>What a file's path says of it; null if it is no lock.</summary>
    public static LockFile? Of(string path)
    {
        var slash = path.LastIndexOfAny(['/', '\\']);
        var file = path.Substring(slash + 1);
        var isAvro = file.EndsWith(Avro, StringComparison.Ordinal);
        if (slash < 0 || (!isAvro && !file.EndsWith(Json, StringComparison.Ordinal)))
            return null;
        var stem = file.Substring(0, file.Length - (isAvro ? Avro : Json).Length);
        var folder = path.Substring(0, slash);
        return ContractVersion.TryParse(stem, out var version)
            ? new(folder.Substring(folder.LastIndexOfAny(['/', '\\']) + 1), version, isAvro)
            : null;
    }

    /// <summary>A schema without blanks, so that two can be compared whoever laid them out.</summary>
    /// <exception cref="AvroSchemaException">It is no JSON.</exception>
    public static string Minify(string json) => SchemaJsonReader.Read(json, AvroSchemaLimits.Default).ToString();

    /// <summary>A schema as a lock keeps it: one member a line, so that a review sees what changed.</summary>
    public static string LayOut(string json)
    {
        var text = new StringBuilder();
        Write(text, SchemaJsonReader.Read(json, AvroSchemaLimits.Default), 0);
        return text.Append('\n').ToString();
    }

    private static void Write(StringBuilder text, SchemaJson json, int depth)
    {
        if (IsFlat(json))
        {
            json.Write(text);
            return;
        }
        var isArray = json.Kind == SchemaJsonKind.Array;
        var count = isArray ? json.Items.Count : json.Members.Count;
        text.Append(isArray ? '[' : '{');
        for (var i = 0; i < count; i++)
        {
            text.Append(i > 0 ? ",\n" : "\n").Append(' ', 2 * (depth + 1));
            if (!isArray)
            {
                SchemaJson.WriteText(text, json.Members[i].Key);
                text.Append(": ");
            }
            Write(text, isArray ? json.Items[i] : json.Members[i].Value, depth + 1);
        }
        text.Append('\n').Append(' ', 2 * depth).Append(isArray ? ']' : '}');
    }

    // What holds nothing that holds something stays on its line.
    private static bool IsFlat(SchemaJson json)
    {
        foreach (var item in json.Items)
            if (item.Items.Count + item.Members.Count > 0)
                return false;
        foreach (var member in json.Members)
            if (member.Value.Items.Count + member.Value.Members.Count > 0)
                return false;
        return true;
    }
}
