using Microsoft.CodeAnalysis;
using Statecast.Generators.Rules;
using Statecast.Generators.Shapes;

namespace Statecast.Generators.Reading;

/// <summary>Reads records and structs: which properties travel, and how one is made again.</summary>
internal sealed class TypeReader
{
    private readonly Compilation _compilation;
    private readonly INamedTypeSymbol _contract;
    private readonly Findings _findings;
    private readonly ValueReader _values;
    private readonly Stack<INamedTypeSymbol> _path = new();
    private readonly Dictionary<INamedTypeSymbol, RecordShape?> _read = new(SymbolEqualityComparer.Default);
    private readonly Dictionary<string, INamedTypeSymbol> _names = new(StringComparer.Ordinal);

    public TypeReader(Compilation compilation, INamedTypeSymbol contract, Findings findings)
    {
        _compilation = compilation;
        _contract = contract;
        _findings = findings;
        _values = new(this, findings);
    }

    /// <summary>The shape of a record or struct; null if a finding says why there is none.</summary>
    public RecordShape? ReadRecord(INamedTypeSymbol type)
    {
        if (_path.Contains(type, SymbolEqualityComparer.Default))
        {
            _findings.Add(ValueRules.Recursive, _path.Peek(), _path.Peek().Name, type.Name);
            return null;
        }
        // Used in several places, a type is read once: its findings are said once.
        if (!_read.TryGetValue(type, out var record))
        {
            _path.Push(type);
            record = Make(type);
            _path.Pop();
            _read.Add(type, record);
        }
        return record;
    }

    private RecordShape? Make(INamedTypeSymbol type)
    {
        var properties = ReadProperties(type);
        if (properties is null)
            return null;
        var aliases = Attributes.Aliases(Attributes.All(type, "AliasAttribute"), type, _findings);
        var record = new RecordShape(Names.Of(type), type.Name, type.IsValueType, properties.ToEquatable(), aliases);
        // A wrapper travels as what it wraps, so its name is in no schema.
        if (record.Wrapped is null)
            CheckName(type);
        return record;
    }

    /// <summary>Notes that a type has its simple name in the contract's schema.</summary>
    public void CheckName(INamedTypeSymbol type)
    {
        if (!Names.IsWireName(type.Name))
            _findings.Add(WireRules.BadWireName, type, type.Name);
        if (!_names.TryGetValue(type.Name, out var other))
            _names.Add(type.Name, type);
        else if (!SymbolEqualityComparer.Default.Equals(other, type))
            _findings.Add(WireRules.DuplicateTypeName, type, Names.Of(type), Names.Of(other), type.Name);
    }

    private List<PropertyShape>? ReadProperties(INamedTypeSymbol type)
    {
        if (type.BaseType is { SpecialType: not (SpecialType.System_Object or SpecialType.System_ValueType) } parent)
            _findings.Add(ValueRules.Inherits, type, type.Name, parent.Name);
        foreach (var field in type.GetMembers().OfType<IFieldSymbol>())
            if (field is { IsStatic: false, DeclaredAccessibility: Accessibility.Public, IsImplicitlyDeclared: false })
                _findings.Add(ValueRules.PublicField, field, $"{type.Name}.{field.Name}");
        var candidates = type.GetMembers()
            .OfType<IPropertySymbol>()
            .Where(p => p is { IsStatic: false, IsIndexer: false, DeclaredAccessibility: Accessibility.Public, GetMethod: not null })
            .ToList();
        var constructor = Constructor(type, candidates);
        if (constructor is null)
        {
            _findings.Add(ValueRules.NoConstructor, type, type.Name);
            return null;
        }
        var complete = true;
        var properties = new List<PropertyShape>();
        foreach (var parameter in constructor.Parameters)
        {
            var property = PropertyOf(parameter, candidates)!;
            candidates.Remove(property);
            complete &= Add(properties, type, property, parameter);
        }
        foreach (var property in candidates.Where(IsStored))
            complete &= Add(properties, type, property, null);
        if (complete && properties.Count == 0)
            _findings.Add(ValueRules.NothingTravels, type, type.Name);
        CheckWireNames(type, properties);
        return complete && properties.Count > 0 ? properties : null;
    }

    private bool Add(List<PropertyShape> properties, INamedTypeSymbol type, IPropertySymbol property, IParameterSymbol? parameter)
    {
        var path = $"{type.Name}.{property.Name}";
        if (property.SetMethod is { IsInitOnly: false })
            _findings.Add(ValueRules.MutableProperty, property, path);
        else if (parameter is null && (property.SetMethod is null || !_compilation.IsSymbolAccessibleWithin(property.SetMethod, _contract)))
            _findings.Add(ValueRules.NotSettable, property, path);
        var wireName = Names.Camel(property.Name);
        if (!Names.IsWireName(wireName))
            _findings.Add(WireRules.BadWireName, property, path);
        if (_values.Read(property, parameter, path) is not { } value)
            return false;
        properties.Add(
            new(
                property.Name,
                wireName,
                value,
                parameter?.Ordinal ?? -1,
                DefaultReader.Read(property, parameter, value, path, _findings),
                Attributes.Aliases(Attributes.All(property, parameter, "AliasAttribute"), property, _findings),
                Attributes.Find(property, parameter, "StateKeyAttribute") is not null
            )
        );
        return true;
    }

    // The one with the most parameters, each of which is a property: a record's primary constructor, if it has one.
    private IMethodSymbol? Constructor(INamedTypeSymbol type, List<IPropertySymbol> properties) =>
        type
            .InstanceConstructors.Where(c =>
                _compilation.IsSymbolAccessibleWithin(c, _contract)
                && !IsCopy(c, type)
                && c.Parameters.All(parameter => PropertyOf(parameter, properties) is not null)
            )
            .OrderByDescending(c => c.Parameters.Length)
            .FirstOrDefault();

    private static bool IsCopy(IMethodSymbol constructor, INamedTypeSymbol type) =>
        constructor.Parameters is [var only] && SymbolEqualityComparer.Default.Equals(only.Type, type);

    // A positional parameter has its property's very name; one of a written constructor begins with a small letter.
    private static IPropertySymbol? PropertyOf(IParameterSymbol parameter, List<IPropertySymbol> properties) =>
        parameter.RefKind is RefKind.None or RefKind.In
            ? properties.FirstOrDefault(p => p.Name == parameter.Name && SameType(parameter, p))
                ?? properties.FirstOrDefault(p =>
                    string.Equals(p.Name, parameter.Name, StringComparison.OrdinalIgnoreCase) && SameType(parameter, p)
                )
            : null;

    private static bool SameType(IParameterSymbol parameter, IPropertySymbol property) =>
        SymbolEqualityComparer.Default.Equals(parameter.Type, property.Type);

    // A property that computes its value does not travel; one that stores it must.
    private static bool IsStored(IPropertySymbol property) =>
        property.SetMethod is not null
        || property
            .ContainingType.GetMembers()
            .OfType<IFieldSymbol>()
            .Any(f => SymbolEqualityComparer.Default.Equals(f.AssociatedSymbol, property));

    private void CheckWireNames(INamedTypeSymbol type, List<PropertyShape> properties)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in properties)
        foreach (var name in property.Aliases.Prepend(property.WireName))
            if (!taken.Add(name))
                _findings.Add(WireRules.DuplicateWireName, type.GetMembers(property.Name).First(), $"{type.Name}.{property.Name}", name);
    }
}
