using System.Collections.Generic;

namespace Statecast.Serialization.Json.Schema;

/// <summary>A value in a contract's JSON, as its schema tells it.</summary>
/// <param name="shown">For people.</param>
internal abstract class JsonShape(string shown)
{
    public override string ToString() => shown;
}

internal sealed class JsonBooleanShape() : JsonShape("a boolean");

/// <summary>Numbers that are read exactly: integers, and decimals with digits after the point.</summary>
internal sealed class JsonExactShape(decimal min, decimal max, int scale)
    : JsonShape(
        scale == 0
            ? $"a whole number from {JsonNumbers.Text(min)} to {JsonNumbers.Text(max)}"
            : $"a number from {JsonNumbers.Text(min)} to {JsonNumbers.Text(max)}"
    )
{
    public decimal Min { get; } = min;

    public decimal Max { get; } = max;

    /// <summary>The digits after the point.</summary>
    public int Scale { get; } = scale;
}

internal sealed class JsonFloatingShape(bool isDouble) : JsonShape(isDouble ? "64-bit floating point" : "32-bit floating point")
{
    public bool IsDouble { get; } = isDouble;
}

/// <summary>A text of a kind: plain, or the form of another value.</summary>
internal sealed class JsonTextShape(string kind) : JsonShape(kind.Length == 0 ? "a text" : $"a text ({kind})")
{
    /// <summary>The kind of a text that is bytes.</summary>
    public const string Bytes = "base64";

    /// <summary>Empty for any text.</summary>
    public string Kind { get; } = kind;
}

internal sealed class JsonEnumShape(string name, IReadOnlyList<string> symbols, string? unknown) : JsonShape($"the enum {name}")
{
    public string Name { get; } = name;

    public IReadOnlyList<string> Symbols { get; } = symbols;

    /// <summary>What a symbol is taken for that is not known; null for none.</summary>
    public string? Unknown { get; } = unknown;
}

internal sealed class JsonNullableShape(JsonShape inner) : JsonShape($"{inner}, or null")
{
    public JsonShape Inner { get; } = inner;
}

internal sealed class JsonListShape(JsonShape item, bool isSet) : JsonShape(isSet ? "a set" : "a list")
{
    public JsonShape Item { get; } = item;

    public bool IsSet { get; } = isSet;
}

internal sealed class JsonMapShape(JsonShape value) : JsonShape("a map")
{
    public JsonShape Value { get; } = value;
}

internal sealed class JsonObjectShape(string name, string? caseName, IReadOnlyList<string> aliases, IReadOnlyList<JsonFieldShape> fields)
    : JsonShape($"the object {name}")
{
    /// <summary>The name of the case that it is; null if it is none.</summary>
    public string? CaseName { get; } = caseName;

    public IReadOnlyList<string> Aliases { get; } = aliases;

    public IReadOnlyList<JsonFieldShape> Fields { get; } = fields;
}

/// <summary>One of several objects, told apart by <c>$type</c>.</summary>
internal sealed class JsonCasesShape(IReadOnlyList<JsonObjectShape> cases) : JsonShape("one of several cases")
{
    public IReadOnlyList<JsonObjectShape> Cases { get; } = cases;
}

internal sealed class JsonFieldShape(string name, JsonShape value, bool isRequired, IReadOnlyList<string> aliases)
{
    public string Name { get; } = name;

    public JsonShape Value { get; } = value;

    /// <summary>Whether a state without it is refused: it is neither nullable nor has a default.</summary>
    public bool IsRequired { get; } = isRequired;

    public IReadOnlyList<string> Aliases { get; } = aliases;

    public bool IsNamed(string name)
    {
        if (Name == name)
            return true;
        foreach (var alias in Aliases)
            if (alias == name)
                return true;
        return false;
    }
}
