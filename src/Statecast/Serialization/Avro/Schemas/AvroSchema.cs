using System;
using System.Collections.Generic;

namespace Statecast.Serialization.Avro.Schemas;

/// <summary>An Avro schema (Avro 1.12). Immutable once parsed; a record may refer to itself.</summary>
public abstract class AvroSchema
{
    private protected AvroSchema(AvroType type, AvroLogicalType? logical)
    {
        Type = type;
        Logical = logical;
    }

    /// <summary>What it is of.</summary>
    public AvroType Type { get; }

    /// <summary>The logical type; null for none, or one that is unknown or does not fit, which the specification says to ignore.</summary>
    public AvroLogicalType? Logical { get; }

    /// <summary>Reads a schema.</summary>
    /// <param name="json">Its JSON.</param>
    /// <param name="limits">How large it may be.</param>
    /// <exception cref="AvroSchemaException">The text is no schema; the message says where and why.</exception>
    public static AvroSchema Parse(string json, AvroSchemaLimits? limits = null) =>
        AvroSchemaParser.Parse(json, limits ?? AvroSchemaLimits.Default);

    /// <summary>The schema as minified JSON, with everything that is known of it; a named type is written out where it stands first.</summary>
    public string ToJson() => AvroSchemaPrinter.Print(this);

    /// <summary>The Parsing Canonical Form (Avro 1.12, "Transforming into Parsing Canonical Form").</summary>
    public string ToCanonicalForm() => AvroCanonicalForm.Of(this);

    /// <summary>For people: a name, or the type.</summary>
    public override string ToString() =>
        this is AvroNamedSchema named ? named.Name.Full
        : Logical is { } logical ? $"{Type.ToString().ToLowerInvariant()} ({logical.Name})"
        : Type.ToString().ToLowerInvariant();
}

/// <summary>A primitive type.</summary>
public sealed class AvroPrimitive : AvroSchema
{
    internal AvroPrimitive(AvroType type, AvroLogicalType? logical)
        : base(type, logical) { }
}

/// <summary>A type with a name.</summary>
public abstract class AvroNamedSchema : AvroSchema
{
    private protected AvroNamedSchema(AvroType type, AvroName name, IReadOnlyList<AvroName> aliases, AvroLogicalType? logical)
        : base(type, logical)
    {
        Name = name;
        Aliases = aliases;
    }

    /// <summary>The name.</summary>
    public AvroName Name { get; }

    /// <summary>Other names by which it was known.</summary>
    public IReadOnlyList<AvroName> Aliases { get; }
}

/// <summary>A record.</summary>
public sealed class AvroRecord : AvroNamedSchema
{
    internal AvroRecord(AvroName name, IReadOnlyList<AvroName> aliases)
        : base(AvroType.Record, name, aliases, null) { }

    /// <summary>The fields, in the order in which they are encoded.</summary>
    public IReadOnlyList<AvroField> Fields { get; internal set; } = [];
}

/// <summary>A field of a record.</summary>
public sealed class AvroField
{
    internal AvroField(string name, AvroSchema schema, SchemaJson? defaultValue, IReadOnlyList<string> aliases)
    {
        Name = name;
        Schema = schema;
        Default = defaultValue;
        Aliases = aliases;
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>What it holds.</summary>
    public AvroSchema Schema { get; }

    /// <summary>Whether a reader has a value for it where the writer had none.</summary>
    public bool HasDefault => Default is not null;

    /// <summary>Earlier names.</summary>
    public IReadOnlyList<string> Aliases { get; }

    internal SchemaJson? Default { get; }
}

/// <summary>An enum.</summary>
public sealed class AvroEnum : AvroNamedSchema
{
    private HashSet<string>? _known;

    internal AvroEnum(AvroName name, IReadOnlyList<AvroName> aliases, IReadOnlyList<string> symbols, string? defaultSymbol)
        : base(AvroType.Enum, name, aliases, null)
    {
        Symbols = symbols;
        Default = defaultSymbol;
    }

    /// <summary>The symbols; their places are what is encoded.</summary>
    public IReadOnlyList<string> Symbols { get; }

    /// <summary>What a reader takes a symbol for that it does not know; null for none.</summary>
    public string? Default { get; }

    /// <summary>Whether it has a symbol: a default may name thousands.</summary>
    internal bool Has(string symbol) => (_known ??= new(Symbols, StringComparer.Ordinal)).Contains(symbol);
}

/// <summary>Bytes of a fixed number.</summary>
public sealed class AvroFixed : AvroNamedSchema
{
    internal AvroFixed(AvroName name, IReadOnlyList<AvroName> aliases, int size, AvroLogicalType? logical)
        : base(AvroType.Fixed, name, aliases, logical) => Size = size;

    /// <summary>How many bytes.</summary>
    public int Size { get; }
}

/// <summary>An array.</summary>
public sealed class AvroArray : AvroSchema
{
    internal AvroArray(AvroSchema items)
        : base(AvroType.Array, null) => Items = items;

    /// <summary>What it holds.</summary>
    public AvroSchema Items { get; }
}

/// <summary>A map with texts as keys.</summary>
public sealed class AvroMap : AvroSchema
{
    internal AvroMap(AvroSchema values)
        : base(AvroType.Map, null) => Values = values;

    /// <summary>What it holds.</summary>
    public AvroSchema Values { get; }
}

/// <summary>A union.</summary>
public sealed class AvroUnion : AvroSchema
{
    internal AvroUnion(IReadOnlyList<AvroSchema> branches)
        : base(AvroType.Union, null) => Branches = branches;

    /// <summary>The branches; their places are what is encoded.</summary>
    public IReadOnlyList<AvroSchema> Branches { get; }
}

/// <summary>A logical type that is known and fits what it annotates.</summary>
public sealed class AvroLogicalType
{
    internal AvroLogicalType(string name, int precision = 0, int scale = 0)
    {
        Name = name;
        Precision = precision;
        Scale = scale;
    }

    /// <summary>The name, for example <c>timestamp-micros</c>.</summary>
    public string Name { get; }

    /// <summary>All digits of a <c>decimal</c>.</summary>
    public int Precision { get; }

    /// <summary>The digits of a <c>decimal</c> after the point.</summary>
    public int Scale { get; }
}

/// <summary>A name with its namespace.</summary>
public readonly struct AvroName : IEquatable<AvroName>
{
    internal AvroName(string space, string simple)
    {
        Namespace = space;
        Simple = simple;
    }

    /// <summary>The namespace; empty for none.</summary>
    public string Namespace { get; }

    /// <summary>The name without it.</summary>
    public string Simple { get; }

    /// <summary>Both, joined by a dot.</summary>
    public string Full => Namespace.Length == 0 ? Simple : $"{Namespace}.{Simple}";

    /// <inheritdoc/>
    public bool Equals(AvroName other) => Namespace == other.Namespace && Simple == other.Simple;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is AvroName other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Full);

    /// <inheritdoc/>
    public override string ToString() => Full;
}
