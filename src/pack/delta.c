#include "pack/delta.h"

#include <stdlib.h>

void segment_list_release(struct segment_list *list)
{
	free(list->items);
	*list = (struct segment_list){0};
}
