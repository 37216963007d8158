using System;
using System.Collections.Generic;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Serialization.Json.Schema;

/// <summary>The JSON Schema of a state contract, read back: what its JSON codec writes and reads.</summary>
public sealed class JsonStateSchema
{
    private readonly string _json;

    private JsonStateSchema(string json, JsonObjectShape root, IReadOnlyList<string> key)
    {
        _json = json;
        Root = root;
        Key = key;
    }

    internal JsonObjectShape Root { get; }

    internal IReadOnlyList<string> Key { get; }

    /// <summary>Reads the schema of a contract, as <c>StateContract.JsonSchema</c> gives it and a lock keeps it.</summary>
    /// <exception cref="JsonStateSchemaException">The text is no such schema; the message says where and why.</exception>
    public static JsonStateSchema Parse(string json)
    {
        SchemaJson document;
        try
        {
            document = SchemaJsonReader.Read(json, AvroSchemaLimits.Default);
        }
        catch (AvroSchemaException defect)
        {
            throw new JsonStateSchemaException(defect.Path, defect.Offset, defect.Reason);
        }
        var (root, key) = JsonShapeReader.Read(document);
        return new(document.ToString(), root, key);
    }

    /// <summary>The document as minified JSON.</summary>
    public override string ToString() => _json;
}

/// <summary>A text is no JSON Schema of a contract. Says where.</summary>
public sealed class JsonStateSchemaException : Exception
{
    /// <param name="path">Where in the document.</param>
    /// <param name="offset">Where in the text, in characters.</param>
    /// <param name="reason">What is wrong, without a full stop.</param>
    public JsonStateSchemaException(string path, int offset, string reason)
        : base($"The JSON Schema is none of a contract at {path} (character {offset}): {reason}.")
    {
        Path = path;
        Offset = offset;
    }

    /// <summary>Where in the document.</summary>
    public string Path { get; }

    /// <summary>Where in the text, in characters.</summary>
    public int Offset { get; }
}
