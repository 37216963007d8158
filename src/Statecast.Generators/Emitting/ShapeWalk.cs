using Statecast.Generators.Shapes;

namespace Statecast.Generators.Emitting;

/// <summary>The named types of a contract, each once, inner ones first.</summary>
internal sealed class ShapeWalk
{
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    public ShapeWalk(RecordShape root) => Visit(root);

    public List<RecordShape> Records { get; } = [];

    public List<EnumShape> Enums { get; } = [];

    public List<HierarchyShape> Hierarchies { get; } = [];

    private void Visit(ValueShape shape)
    {
        switch (shape)
        {
            case NullableShape nullable:
                Visit(nullable.Inner);
                break;
            case WrapperShape wrapper:
                Visit(wrapper.Inner);
                break;
            case ListShape list:
                Visit(list.Item);
                break;
            case SetShape set:
                Visit(set.Item);
                break;
            case MapShape map:
                Visit(map.Value);
                break;
            case EnumShape symbols when _seen.Add(symbols.Type):
                Enums.Add(symbols);
                break;
            case HierarchyShape hierarchy when _seen.Add(hierarchy.Type):
                foreach (var one in hierarchy.Cases)
                    Visit(one);
                Hierarchies.Add(hierarchy);
                break;
            case RecordShape record when _seen.Add(record.Type):
                foreach (var property in record.Properties)
                    Visit(property.Value);
                Records.Add(record);
                break;
            default:
                break;
        }
    }
}
